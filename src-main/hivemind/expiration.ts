import type { Clock } from '../../src-shared/clock'

/** The DHT's time: unix seconds as a float. */
export function dhtTimeS(clock: Pick<Clock, 'now'>): number {
  return clock.now() / 1000
}

/**
 * When a record that is written now should expire, in unix seconds. Later than `previousS`: readers refuse a record
 * whose expiration is not later than the one they hold, also after the clock was set back.
 * @param furthestS how far ahead an expiration may lie for others to keep it; a previous one beyond that was written
 * by a clock far ahead, nobody holds it, and what is written now begins anew
 */
export function nextExpirationS(
  clock: Pick<Clock, 'now'>,
  lifetimeMs: number,
  previousS: number | null,
  furthestS = Number.POSITIVE_INFINITY,
): number {
  const soonestS = (clock.now() + lifetimeMs) / 1000
  if (previousS === null || previousS > dhtTimeS(clock) + furthestS) return soonestS
  return Math.max(soonestS, previousS + 0.001)
}
