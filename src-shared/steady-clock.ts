import type { Clock } from './clock'

/** Corrections are smaller. */
const JUMP_MS = 60_000
/** A clock that starts wrong is set right within minutes of having a network. */
export const STEADY_ENOUGH_MS = 3_600_000

/**
 * For how long the wall clock has gone along with the one that nobody sets, in ms, as far as the looks tell: each call is
 * one. What is deleted for its age waits until that is `STEADY_ENOUGH_MS`, or an hour with a clock that is a month ahead
 * would delete a month. A sleep looks like a jump, and costs an hour more.
 */
export function watchSteadiness(clock: Pick<Clock, 'now' | 'monotonicMs'>): () => number {
  let since = clock.monotonicMs()
  let offset = clock.now() - since
  return () => {
    const nowMs = clock.monotonicMs()
    const before = offset
    offset = clock.now() - nowMs
    if (Math.abs(offset - before) > JUMP_MS) since = nowMs
    return nowMs - since
  }
}
