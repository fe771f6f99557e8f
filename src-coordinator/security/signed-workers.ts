import type { Clock } from '../../src-shared/clock'
import type { CoordinatorQueries } from '../database/tables'

export interface SignedWorkers {
  /** Whether this worker has registered signed, here or at another coordinator of the same database. */
  has(workerId: string): Promise<boolean>
  add(workerId: string, peerId: string): Promise<void>
  /** Forgets workers that have been gone for long. */
  sweep(): Promise<void>
}

const MAX_REMEMBERED = 10_000
/** How long another coordinator's news may be missed. */
const TRUST_ABSENCE_MS = 5_000
/** An id comes from its key, so a forgotten one can't be taken over for good: its owner's next registration takes it back. */
const KEEP_GONE_MS = 30 * 24 * 3_600_000

/** Who must sign. Looked up with every unsigned request, so the answers are kept for a while. */
export function createSignedWorkers(db: CoordinatorQueries, clock: Clock): SignedWorkers {
  /** Present: `Infinity`. Absent: until when that may be believed. */
  const known = new Map<string, number>()
  const remember = (workerId: string, until: number) => {
    known.delete(workerId)
    known.set(workerId, until)
    if (known.size > MAX_REMEMBERED) for (const oldest of known.keys()) if (known.delete(oldest)) break
  }
  return {
    async has(workerId) {
      const until = known.get(workerId)
      if (until === Number.POSITIVE_INFINITY) return true
      if (until !== undefined && clock.monotonicMs() < until) return false
      const row = await db
        .selectFrom('signed_workers')
        .select('worker_id')
        .where('worker_id', '=', workerId)
        .executeTakeFirst()
      remember(workerId, row ? Number.POSITIVE_INFINITY : clock.monotonicMs() + TRUST_ABSENCE_MS)
      return row !== undefined
    },
    async add(workerId, peerId) {
      if (known.get(workerId) === Number.POSITIVE_INFINITY) return
      await db
        .insertInto('signed_workers')
        .values({ worker_id: workerId, peer_id: peerId, since: clock.now() })
        .onConflict((conflict) => conflict.column('worker_id').doNothing())
        .execute()
      remember(workerId, Number.POSITIVE_INFINITY)
    },
    async sweep() {
      const { numDeletedRows } = await db
        .deleteFrom('signed_workers')
        .where('since', '<', clock.now() - KEEP_GONE_MS)
        .where('worker_id', 'not in', db.selectFrom('workers').select('worker_id'))
        .executeTakeFirstOrThrow()
      if (numDeletedRows > 0n) known.clear()
    },
  }
}
