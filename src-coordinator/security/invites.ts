import { randomUUID } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { signCompact, TOKEN_ALGORITHM } from '../../src-main/membership/capability-token'
import {
  formatInviteLink,
  INVITE_TYPE,
  type InviteClaims,
  InviteClaimsSchema,
  MAX_INVITE_LENGTH,
} from '../../src-main/membership/invite'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { CoordinatorQueries } from '../database/tables'
import type { Issuer } from './issuer'
import type { InviteRow } from './security-tables'

export interface Invites {
  make(invite: { label: string; lifetimeMs: number }): Promise<InviteRow>
  /** The link to hand over. The same as when it was made: it is signed again, not stored. */
  linkOf(row: InviteRow, coordinatorUrl: string): Promise<string>
  /** Those that are open or were used or taken back lately, the newest first. */
  list(): Promise<InviteRow[]>
  /** Throws INVITE_UNKNOWN. */
  find(inviteId: string): Promise<InviteRow>
  /** Throws INVITE_REVOKED, INVITE_USED or INVITE_EXPIRED for one that lets nobody in any more. */
  requireOpen(row: InviteRow): void
  /** Throws INVITE_UNKNOWN; INVITE_USED when it is too late. */
  revoke(inviteId: string): Promise<InviteRow>
  /** Whether `workerId` (null: anybody new) may redeem it now. Throws INVITE_INVALID, INVITE_EXPIRED, INVITE_REVOKED or INVITE_USED. */
  check(invite: string, workerId: string | null): Promise<InviteRow>
  /** Uses it up. The same worker may redeem its own again. Throws what `check` throws. */
  redeem(invite: string, workerId: string): Promise<InviteRow>
  /** What `redeem` used up is open again: its worker could not be registered. */
  giveBack(inviteId: string, workerId: string): Promise<void>
  /** The host has sent this worker away: the invite that let it in lets it in no more. */
  endRedeemedBy(workerId: string): Promise<void>
  sweep(): Promise<void>
}

const KEEP_OLD_MS = 30 * 24 * 3_600_000
const MAX_LISTED = 200

export function createInvites(options: { db: CoordinatorQueries; issuer: Issuer; clock: Clock }): Invites {
  const { db, issuer, clock } = options

  /** Signature and shape; what only the database knows comes after. */
  async function read(invite: string): Promise<InviteClaims> {
    if (invite.length > MAX_INVITE_LENGTH) throw new EspalierError('INVITE_INVALID', 'it is too long')
    try {
      const { kid } = decodeProtectedHeader(invite)
      const key = issuer.keys.get(kid ?? '')
      if (!key) throw new Error('another network’s key signed it')
      const { payload, protectedHeader } = await compactVerify(invite, key, { algorithms: [TOKEN_ALGORITHM] })
      if (protectedHeader.typ !== INVITE_TYPE) throw new Error('it is something else')
      const claims = InviteClaimsSchema.parse(JSON.parse(new TextDecoder().decode(payload)))
      if (claims.aud !== issuer.networkId) throw new Error('it is another network’s')
      return claims
    } catch (error) {
      throw new EspalierError('INVITE_INVALID', 'it was not made by this network, or was changed', { cause: error })
    }
  }

  async function find(inviteId: string): Promise<InviteRow> {
    const row = await db.selectFrom('invites').selectAll().where('invite_id', '=', inviteId).executeTakeFirst()
    if (!row) throw new EspalierError('INVITE_UNKNOWN', inviteId)
    return row
  }

  async function check(invite: string, workerId: string | null): Promise<InviteRow> {
    const claims = await read(invite)
    const row = await db.selectFrom('invites').selectAll().where('invite_id', '=', claims.jti).executeTakeFirst()
    if (!row) throw new EspalierError('INVITE_INVALID', 'the network does not know it any more')
    if (workerId !== null && row.redeemed_by === workerId && row.revoked_at === null) return row
    requireOpen({ ...row, expires_at: claims.exp * 1000 })
    return row
  }

  function requireOpen(row: InviteRow): void {
    if (row.revoked_at !== null) throw new EspalierError('INVITE_REVOKED')
    if (row.redeemed_by !== null) throw new EspalierError('INVITE_USED')
    if (row.expires_at <= clock.now()) throw new EspalierError('INVITE_EXPIRED')
  }

  return {
    async make({ label, lifetimeMs }) {
      const now = clock.now()
      // Whole seconds, as the signed claim has them.
      const expires_at = Math.ceil((now + lifetimeMs) / 1000) * 1000
      const row: InviteRow = {
        invite_id: randomUUID(),
        label,
        created_at: now,
        expires_at,
        redeemed_by: null,
        redeemed_at: null,
        revoked_at: null,
      }
      await db.insertInto('invites').values(row).execute()
      return row
    },
    async linkOf({ invite_id, expires_at }, coordinatorUrl) {
      const claims: InviteClaims = {
        iss: issuer.key.kid,
        aud: issuer.networkId,
        jti: invite_id,
        exp: Math.floor(expires_at / 1000),
      }
      return formatInviteLink({ coordinatorUrl, invite: await signCompact(issuer.key, INVITE_TYPE, claims) })
    },
    list: () =>
      db
        .selectFrom('invites')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('invite_id')
        .limit(MAX_LISTED)
        .execute(),
    find,
    requireOpen,
    async revoke(inviteId) {
      const row = await find(inviteId)
      if (row.redeemed_by !== null) throw new EspalierError('INVITE_USED', 'reject or remove the node instead')
      await db
        .updateTable('invites')
        .set({ revoked_at: clock.now() })
        .where('invite_id', '=', inviteId)
        .where('redeemed_by', 'is', null)
        .where('revoked_at', 'is', null)
        .execute()
      return find(inviteId)
    },
    check,
    async redeem(invite, workerId) {
      const row = await check(invite, workerId)
      if (row.redeemed_by === workerId) return row
      // The database decides between two that come at once, also at different coordinators.
      await db
        .updateTable('invites')
        .set({ redeemed_by: workerId, redeemed_at: clock.now() })
        .where('invite_id', '=', row.invite_id)
        .where('redeemed_by', 'is', null)
        .where('revoked_at', 'is', null)
        .execute()
      return check(invite, workerId)
    },
    async giveBack(inviteId, workerId) {
      await db
        .updateTable('invites')
        .set({ redeemed_by: null, redeemed_at: null })
        .where('invite_id', '=', inviteId)
        .where('redeemed_by', '=', workerId)
        .execute()
    },
    async endRedeemedBy(workerId) {
      await db
        .updateTable('invites')
        .set({ revoked_at: clock.now() })
        .where('redeemed_by', '=', workerId)
        .where('revoked_at', 'is', null)
        .execute()
    },
    async sweep() {
      await db
        .deleteFrom('invites')
        .where('expires_at', '<', clock.now() - KEEP_OLD_MS)
        .execute()
    },
  }
}
