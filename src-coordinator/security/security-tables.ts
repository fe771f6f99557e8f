import type { Selectable } from 'kysely'

// What membership keeps. Times are milliseconds since the Unix epoch.

export interface CapabilityTokenTable {
  jti: string
  worker_id: string
  peer_id: string
  scope: string
  issued_at: number
  not_before: number
  expires_at: number
  max_uses: number | null
  revoked_at: number | null
}
export type CapabilityTokenRow = Selectable<CapabilityTokenTable>

export interface InviteTable {
  invite_id: string
  /** For the host's eyes: whom it is for. */
  label: string
  created_at: number
  expires_at: number
  redeemed_by: string | null
  redeemed_at: number | null
  revoked_at: number | null
}
export type InviteRow = Selectable<InviteTable>

export interface SecurityTables {
  /** Ed25519 keys as JWK. The youngest signs; all of them are believed. */
  issuer_keys: { kid: string; private_jwk: string; created_at: number }
  capability_tokens: CapabilityTokenTable
  invites: InviteTable
  /** Workers that have signed once and so must sign always. */
  signed_workers: { worker_id: string; peer_id: string; since: number }
  /** Nonces of requests that must not be repeated, neither after a restart nor at another coordinator. */
  used_nonces: { nonce: string; forget_at: number }
}
