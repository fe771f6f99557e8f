import { EspalierError } from '../src-shared/errors'

export interface CoordinatorTimings {
  /** How often workers are asked to report. */
  heartbeatIntervalMs: number
  /** Without a heartbeat for this long, the next sweep marks a worker offline. */
  offlineAfterMs: number
  sweepIntervalMs: number
  /** A peer that was not heard for this long is no longer named to others. */
  stalePeerAfterMs: number
}

export const DEFAULT_TIMINGS: CoordinatorTimings = {
  heartbeatIntervalMs: 30_000,
  offlineAfterMs: 60_000,
  sweepIntervalMs: 30_000,
  stalePeerAfterMs: 120_000,
}

/**
 * Completes and checks intervals. A worker needs room for a lost heartbeat and its retry before it counts as
 * offline, and a peer must not vanish from the list before its worker does. Throws COORDINATOR_TIMINGS_INVALID.
 */
export function checkedTimings(given: Partial<CoordinatorTimings> = {}): CoordinatorTimings {
  const offlineAfterMs = given.offlineAfterMs ?? DEFAULT_TIMINGS.offlineAfterMs
  const timings: CoordinatorTimings = {
    heartbeatIntervalMs: given.heartbeatIntervalMs ?? Math.min(DEFAULT_TIMINGS.heartbeatIntervalMs, offlineAfterMs / 2),
    offlineAfterMs,
    sweepIntervalMs: given.sweepIntervalMs ?? Math.min(DEFAULT_TIMINGS.sweepIntervalMs, offlineAfterMs),
    stalePeerAfterMs: given.stalePeerAfterMs ?? 2 * offlineAfterMs,
  }
  const { heartbeatIntervalMs, sweepIntervalMs, stalePeerAfterMs } = timings
  const rules: readonly [boolean, string][] = [
    [Object.values(timings).every((ms) => Number.isFinite(ms) && ms > 0), 'every interval is longer than 0'],
    [heartbeatIntervalMs * 1.5 <= offlineAfterMs, `${offlineAfterMs} ms until offline hold no retry`],
    [sweepIntervalMs <= offlineAfterMs, `a sweep every ${sweepIntervalMs} ms sees silence late`],
    [stalePeerAfterMs >= offlineAfterMs, `peers vanish after ${stalePeerAfterMs} ms, before their workers`],
  ]
  for (const [holds, what] of rules) if (!holds) throw new EspalierError('COORDINATOR_TIMINGS_INVALID', what)
  return timings
}
