import { randomUUID } from 'node:crypto'
import type { CapabilityGrant } from '../../src-main/membership/capability-grant'
import { mintToken } from '../../src-main/membership/capability-token'
import { formatScope } from '../../src-main/membership/token-scope'
import type { TokenAuthority } from '../../src-main/membership/verify'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { CoordinatorQueries } from '../database/tables'
import type { StandingEntry } from '../roster-entries'
import type { Issuer } from './issuer'
import type { CapabilityTokenRow } from './security-tables'

export interface CapabilityIssuer {
  /** What an approved worker is given with an answer; undefined for others. `signer` is the peer id that signed the request. */
  grantFor(entry: StandingEntry, signer: string | null): Promise<CapabilityGrant | undefined>
  /** Tokens that have not expired, the latest first. */
  list(): Promise<CapabilityTokenRow[]>
  /** Resolves to whose it was, and whether it was good until now. Throws TOKEN_UNKNOWN. */
  revoke(jti: string): Promise<{ worker_id: string; isInForce: boolean }>
  /** Takes back everything that a worker holds: it was rejected, or has left. */
  revokeAllOf(workerId: string): Promise<void>
  authority(): Promise<TokenAuthority>
  /** Forgets what has expired, and takes back what workers hold that are not approved any more. */
  sweep(): Promise<void>
}

export const TOKEN_LIFETIME_MS = 3_600_000
/** A token's life begins a little in the past, for bearers whose clock is behind. */
const BACKDATE_MS = 30_000
const MAX_SCOPE_LENGTH = 1_000
const MAX_REVOKED = 1_000
/** Expired ones are kept for a while, so that the host sees what there was. */
const KEEP_EXPIRED_MS = 3_600_000
const MAX_MINTED = 5_000

export function createCapabilityIssuer(options: {
  db: CoordinatorQueries
  issuer: Issuer
  clock: Clock
  /** Names of the hosted models: a member may ask each. */
  models: readonly string[]
  membersOnly: boolean
  lifetimeMs?: number
}): CapabilityIssuer {
  const { db, issuer, clock, models, membersOnly, lifetimeMs = TOKEN_LIFETIME_MS } = options
  const { networkId, key, keys } = issuer
  // The same row gives the same text, so a lost answer costs nothing and a minted token need not be signed again.
  const minted = new Map<string, string>()
  let revoked: { at: number; ids: string[] } | null = null

  function scopeOf({ assignment }: StandingEntry): string {
    const serves = assignment
      ? [{ model: assignment.model_name, blocks: { start: assignment.start_block, end: assignment.end_block } }]
      : []
    const asks: string[] = []
    for (const model of models) {
      if (formatScope({ asks: [...asks, model], serves }).length <= MAX_SCOPE_LENGTH) asks.push(model)
    }
    return formatScope({ asks, serves })
  }

  async function currentRow(entry: StandingEntry, peerId: string): Promise<CapabilityTokenRow> {
    const now = clock.now()
    const scope = scopeOf(entry)
    const { worker_id } = entry.worker
    const held = await db
      .selectFrom('capability_tokens')
      .selectAll()
      .where('worker_id', '=', worker_id)
      .where('expires_at', '>', now)
      .where('revoked_at', 'is', null)
      .orderBy('expires_at', 'desc')
      .execute()
    // One that a clock ahead has dated is good for nobody yet.
    const isGood = ({ expires_at }: CapabilityTokenRow) =>
      expires_at - now > lifetimeMs / 2 && expires_at - now <= lifetimeMs
    const fitting = held.find((row) => row.scope === scope && row.peer_id === peerId && isGood(row))
    if (fitting) return fitting
    const row: CapabilityTokenRow = {
      jti: randomUUID(),
      worker_id,
      peer_id: peerId,
      scope,
      issued_at: now,
      not_before: now - BACKDATE_MS,
      expires_at: now + lifetimeMs,
      max_uses: null,
      revoked_at: null,
    }
    await db.insertInto('capability_tokens').values(row).execute()
    // Blocks that were taken away are not to be served any more; a token for the same simply runs out.
    const outdated = held.filter((other) => other.scope !== scope || other.peer_id !== peerId)
    if (outdated.length > 0) await setRevoked(outdated.map(({ jti }) => jti))
    return row
  }

  async function mint(row: CapabilityTokenRow): Promise<string> {
    const known = minted.get(row.jti)
    if (known) return known
    const token = await mintToken(key, {
      iss: key.kid,
      aud: networkId,
      sub: row.peer_id,
      scope: row.scope,
      nbf: Math.floor(row.not_before / 1000),
      exp: Math.floor(row.expires_at / 1000),
      jti: row.jti,
      ...(row.max_uses === null ? {} : { max_uses: row.max_uses }),
    })
    minted.set(row.jti, token)
    if (minted.size > MAX_MINTED) for (const oldest of minted.keys()) if (minted.delete(oldest)) break
    return token
  }

  async function setRevoked(jtis: readonly string[]): Promise<void> {
    await db
      .updateTable('capability_tokens')
      .set({ revoked_at: clock.now() })
      .where('jti', 'in', jtis)
      .where('revoked_at', 'is', null)
      .execute()
    revoked = null
  }

  async function revokedIds(): Promise<string[]> {
    const now = clock.now()
    // Other coordinators revoke too; a second is less than any heartbeat interval.
    if (revoked && Math.abs(now - revoked.at) < 1_000) return revoked.ids
    const rows = await db
      .selectFrom('capability_tokens')
      .select('jti')
      .where('revoked_at', 'is not', null)
      .where('expires_at', '>', now - 60_000)
      .orderBy('revoked_at', 'desc')
      .limit(MAX_REVOKED)
      .execute()
    revoked = { at: now, ids: rows.map(({ jti }) => jti) }
    return revoked.ids
  }

  return {
    async grantFor(entry, signer) {
      // Only who has shown a peer id's key gets a token for it.
      if (signer === null || entry.worker.standing !== 'approved') return undefined
      const row = await currentRow(entry, signer)
      return {
        token: await mint(row),
        expires_at_ms: row.expires_at,
        network_id: networkId,
        keys: [...keys].map(([kid, jwk]) => ({ kid, x: jwk.x ?? '' })),
        members_only: membersOnly,
        revoked: await revokedIds(),
      }
    },
    list: () =>
      db
        .selectFrom('capability_tokens')
        .selectAll()
        .where('expires_at', '>', clock.now())
        .orderBy('issued_at', 'desc')
        .orderBy('jti')
        .limit(1_000)
        .execute(),
    async revoke(jti) {
      const row = await db
        .selectFrom('capability_tokens')
        .select(['worker_id', 'revoked_at', 'expires_at'])
        .where('jti', '=', jti)
        .executeTakeFirst()
      if (!row) throw new EspalierError('TOKEN_UNKNOWN', jti)
      await setRevoked([jti])
      return { worker_id: row.worker_id, isInForce: row.revoked_at === null && row.expires_at > clock.now() }
    },
    async revokeAllOf(workerId) {
      const rows = await db
        .selectFrom('capability_tokens')
        .select('jti')
        .where('worker_id', '=', workerId)
        .where('expires_at', '>', clock.now() - 60_000)
        .where('revoked_at', 'is', null)
        .execute()
      if (rows.length > 0) await setRevoked(rows.map(({ jti }) => jti))
    },
    authority: async () => ({ networkId, keys, revoked: new Set(await revokedIds()) }),
    async sweep() {
      await db
        .deleteFrom('capability_tokens')
        .where('expires_at', '<', clock.now() - KEEP_EXPIRED_MS)
        .execute()
      // A crash may have come between a rejection and the revocation that belongs to it.
      const orphans = await db
        .selectFrom('capability_tokens')
        .leftJoin('workers', 'workers.worker_id', 'capability_tokens.worker_id')
        .select('jti')
        .where('revoked_at', 'is', null)
        .where((where) => where.or([where('standing', 'is', null), where('standing', '!=', 'approved')]))
        .limit(MAX_REVOKED)
        .execute()
      if (orphans.length > 0) await setRevoked(orphans.map(({ jti }) => jti))
    },
  }
}
