import type { Clock } from '../../src-shared/clock'

/** A timer that is this late did not wait for a busy processor. */
const LATE_MS = 5_000

/**
 * Tells when this computer last woke up, by the monotonic clock, which counts on while some systems sleep: whoever waits has
 * heard nobody meanwhile, and begins anew. To be asked by a timer with every tick, and by whatever else judges a wait.
 * -Infinity where it has not slept.
 */
export function createSleepWatch(clock: Clock, intervalMs: number): () => number {
  let askedAtMs = clock.monotonicMs()
  let wokeAtMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - askedAtMs > intervalMs + LATE_MS) wokeAtMs = nowMs
    askedAtMs = nowMs
    return wokeAtMs
  }
}
