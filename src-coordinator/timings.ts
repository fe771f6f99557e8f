export interface CoordinatorTimings {
  /** How often workers are asked to report. */
  heartbeatIntervalMs: number
  /** Without a heartbeat for this long, the next sweep marks a worker offline. */
  offlineAfterMs: number
  sweepIntervalMs: number
}

export const DEFAULT_TIMINGS: CoordinatorTimings = {
  heartbeatIntervalMs: 30_000,
  offlineAfterMs: 60_000,
  sweepIntervalMs: 30_000,
}
