import type { Clock } from '../src-shared/clock'

/**
 * When this process last heard each worker, by the monotonic clock: neither a jump of the wall clock nor our own
 * downtime makes a worker late.
 */
export interface Liveness {
  heard(workerIds: readonly string[]): void
  forget(workerId: string): void
  /** Whether nothing came for `ms`; while we are younger than that, nobody can be silent. */
  isSilent(workerId: string, ms: number): boolean
  /** How long we have been here to listen. */
  upMs(): number
}

export function createLiveness(clock: Clock): Liveness {
  const startedAt = clock.monotonicMs()
  const lastHeard = new Map<string, number>()
  return {
    heard(workerIds) {
      const now = clock.monotonicMs()
      for (const id of workerIds) lastHeard.set(id, now)
    },
    forget: (workerId) => void lastHeard.delete(workerId),
    isSilent: (workerId, ms) => (lastHeard.get(workerId) ?? startedAt) < clock.monotonicMs() - ms,
    upMs: () => clock.monotonicMs() - startedAt,
  }
}
