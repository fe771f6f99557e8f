import { createHash } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import * as z from 'zod'
import type { BlockRange } from '../../src-shared/blocks'
import { isSignedByPeer } from '../network/signature'
import { TOKEN_LEEWAY_MS } from './verify'

/** What of a session its entry signs: all that decides who computes what, and how much of it. */
export interface BoundSession {
  /** 16 bytes, hex. */
  readonly id: string
  /** Peer id of whoever asks. */
  readonly entry: string
  /** Merkle root of the model's manifest. */
  readonly root: string
  readonly contextTokens: number
  readonly route: readonly (BlockRange & { readonly peer: string })[]
}

export const SessionBindingSchema = z.strictObject({
  /** Milliseconds since the Unix epoch: until then a session may be opened with it. */
  expiresAt: z.int().min(0),
  /** Ed25519, 64 bytes, base64url. */
  signature: z.string().regex(/^[\w-]{86}$/),
})
export type SessionBinding = z.output<typeof SessionBindingSchema>

/** Longer than the opening of a session may take. */
export const BINDING_LIFETIME_MS = 120_000

/** The entry's word that this session, on this route, is its own: a token that is shown with it is good for nothing else. */
export async function bindSession(identity: PrivateKey, session: BoundSession, now: number): Promise<SessionBinding> {
  const expiresAt = now + BINDING_LIFETIME_MS
  const signature = await identity.sign(signedBytes(session, expiresAt))
  return { expiresAt, signature: Buffer.from(signature).toString('base64url') }
}

/** Null when the entry signed this session, and lately; else what is wrong, in words. */
export async function whatIsWrongWith(
  binding: SessionBinding | undefined,
  session: BoundSession,
  now: number,
): Promise<string | null> {
  if (!binding) return 'its entry signed nothing'
  const { expiresAt, signature } = binding
  if (now >= expiresAt + TOKEN_LEEWAY_MS) return 'what its entry signed has expired'
  if (expiresAt > now + BINDING_LIFETIME_MS + TOKEN_LEEWAY_MS) return 'what its entry signed is good for too long'
  const signed = signedBytes(session, expiresAt)
  const isGood = await isSignedByPeer(session.entry, signed, Buffer.from(signature, 'base64url'))
  return isGood ? null : 'its entry signed another session, or another route'
}

function signedBytes({ id, entry, root, contextTokens, route }: BoundSession, expiresAt: number): Uint8Array {
  const stages = route.map(({ peer, start, end }) => [peer, start, end])
  const routeHash = createHash('sha256').update(JSON.stringify(stages)).digest('hex')
  return new TextEncoder().encode(
    JSON.stringify(['espalier-session-v1', id, entry, root, contextTokens, routeHash, expiresAt]),
  )
}
