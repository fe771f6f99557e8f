import type { Clock } from '../../../src-shared/clock'

/** A share of the line. Bytes that came are taken from a budget that refills; who overdraws it waits. */
export interface Bandwidth {
  /** Undefined when there is no need to wait. */
  take(sizeBytes: number): Promise<void> | undefined
}

/** How much may come at once: a second of it. */
export function createBandwidth(clock: Clock, bytesPerSecond: number | null): Bandwidth {
  if (bytesPerSecond === null) return { take: () => undefined }
  let budget = bytesPerSecond
  let filledAtMs = clock.monotonicMs()
  return {
    take(sizeBytes) {
      const nowMs = clock.monotonicMs()
      budget = Math.min(bytesPerSecond, budget + ((nowMs - filledAtMs) * bytesPerSecond) / 1000)
      filledAtMs = nowMs
      budget -= sizeBytes
      return budget >= 0 ? undefined : clock.sleep((-budget * 1000) / bytesPerSecond)
    },
  }
}
