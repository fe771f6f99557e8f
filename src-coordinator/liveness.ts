import type { Clock } from '../src-shared/clock'

/**
 * When this process last heard each worker, by the monotonic clock: neither a jump of the wall clock nor our own
 * downtime makes a worker late.
 */
export interface Liveness {
  heard(workerIds: readonly string[]): void
  forget(workerId: string): void
  /** Whether nothing came for `ms`; while we have listened for less than that, nobody can be silent. */
  isSilent(workerId: string, ms: number): boolean
  /** How long we have been here to listen. */
  upMs(): number
  /**
   * Called every `everyMs`. When it comes more than `toleratedMs` late we stood still (a paused virtual machine, a laptop
   * that slept), and what came meanwhile has not been read yet: listening begins anew, as after a start.
   */
  pulse(everyMs: number, toleratedMs: number): void
}

export function createLiveness(clock: Clock): Liveness {
  let listeningSince = clock.monotonicMs()
  let pulseAt = listeningSince
  const lastHeard = new Map<string, number>()
  return {
    heard(workerIds) {
      const now = clock.monotonicMs()
      for (const id of workerIds) lastHeard.set(id, now)
    },
    forget: (workerId) => void lastHeard.delete(workerId),
    isSilent: (workerId, ms) =>
      Math.max(lastHeard.get(workerId) ?? listeningSince, listeningSince) < clock.monotonicMs() - ms,
    upMs: () => clock.monotonicMs() - listeningSince,
    pulse(everyMs, toleratedMs) {
      const now = clock.monotonicMs()
      if (now - pulseAt > everyMs + toleratedMs) listeningSince = now
      pulseAt = now
    },
  }
}
