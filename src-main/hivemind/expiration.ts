import type { Clock } from '../../src-shared/clock'

/** The DHT's time: unix seconds as a float. */
export function dhtTimeS(clock: Pick<Clock, 'now'>): number {
  return clock.now() / 1000
}

/**
 * When a record that is written now should expire, in unix seconds. Later than `previousS` in any case: readers
 * refuse a record whose expiration is not later than the one they hold, also after the clock was set back.
 */
export function nextExpirationS(clock: Pick<Clock, 'now'>, lifetimeMs: number, previousS: number | null): number {
  return Math.max((clock.now() + lifetimeMs) / 1000, (previousS ?? 0) + 0.001)
}
