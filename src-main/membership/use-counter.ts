import type { Clock } from '../../src-shared/clock'

export interface UseCounter {
  /** Counts one use of a token that may be used `max` times and is of no use after `forgetAt` (ms, Unix epoch). */
  take(jti: string, max: number, forgetAt: number): 'ok' | 'used-up' | 'full'
  readonly size: number
}

const MAX_COUNTED = 10_000

/**
 * Remembers how often counted tokens were used here. Bounded, and an entry is forgotten only when its token has
 * expired: to forget one earlier would give its uses back. When all places are taken, newcomers are refused.
 */
export function createUseCounter(clock: Clock, capacity = MAX_COUNTED): UseCounter {
  const counts = new Map<string, { uses: number; forgetAt: number }>()
  const forgetExpired = () => {
    const now = clock.now()
    for (const [jti, { forgetAt }] of counts) if (forgetAt <= now) counts.delete(jti)
  }
  return {
    take(jti, max, forgetAt) {
      const known = counts.get(jti)
      if (known) {
        if (known.uses >= max) return 'used-up'
        known.uses++
        return 'ok'
      }
      if (counts.size >= capacity) forgetExpired()
      if (counts.size >= capacity) return 'full'
      counts.set(jti, { uses: 1, forgetAt })
      return 'ok'
    },
    get size() {
      return counts.size
    },
  }
}
