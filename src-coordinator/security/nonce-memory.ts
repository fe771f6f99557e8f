import type { VerifiedRequest } from '../../src-main/membership/request-signature'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { CoordinatorQueries } from '../database/tables'

export interface NonceMemory {
  /**
   * Throws REQUEST_REPLAYED when the nonce was used before. `lasting` ones are remembered in the database too, so that
   * neither a restart nor another coordinator takes them again; repeated heartbeats are told by their `x_seq`.
   */
  use(request: VerifiedRequest, options: { lasting: boolean }): Promise<void>
  sweep(): Promise<void>
  readonly size: number
}

/** Two minutes of what the rate limits let through. */
const MAX_NONCES = 200_000

/** A nonce is remembered as long as its time would let it through; full, the memory refuses rather than forgets. */
export function createNonceMemory(db: CoordinatorQueries, clock: Clock, capacity = MAX_NONCES): NonceMemory {
  const used = new Map<string, number>()
  const forgetOld = () => {
    const now = clock.now()
    for (const [nonce, forgetAt] of used) if (forgetAt < now) used.delete(nonce)
  }
  return {
    async use({ peerId, nonce, forgetNonceAt }, { lasting }) {
      const name = `${peerId}/${nonce}`
      if (used.has(name)) throw new EspalierError('REQUEST_REPLAYED')
      if (used.size >= capacity) forgetOld()
      if (used.size >= capacity) throw new EspalierError('COORDINATOR_BUSY', 'too many signed requests')
      // Before the first await: two copies of a request may come at once.
      used.set(name, forgetNonceAt)
      if (!lasting) return
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('used_nonces')
        .values({ nonce: name, forget_at: forgetNonceAt })
        .onConflict((conflict) => conflict.column('nonce').doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows === 0n) throw new EspalierError('REQUEST_REPLAYED')
    },
    async sweep() {
      forgetOld()
      await db.deleteFrom('used_nonces').where('forget_at', '<', clock.now()).execute()
    },
    get size() {
      return used.size
    },
  }
}
