import type { Clock } from '../../../src-shared/clock'

/** Bytes per second; null: no cap. A function may answer otherwise later. */
export type Rate = number | null | (() => number | null)

/** A share of the line. Bytes that came are taken from a budget that refills; who overdraws it waits. */
export interface Bandwidth {
  /** Undefined when there is no need to wait. */
  take(sizeBytes: number): Promise<void> | undefined
}

/** How much may come at once: a second of it. */
export function createBandwidth(clock: Clock, rate: Rate): Bandwidth {
  let bytesPerSecond = rateNow(rate)
  let budget = bytesPerSecond ?? 0
  let filledAtMs = clock.monotonicMs()
  return {
    take(sizeBytes) {
      const before = bytesPerSecond
      bytesPerSecond = rateNow(rate)
      if (bytesPerSecond === null) return undefined
      const nowMs = clock.monotonicMs()
      // What was overdrawn under another cap is not owed under this one.
      if (bytesPerSecond !== before) budget = bytesPerSecond
      budget = Math.min(bytesPerSecond, budget + ((nowMs - filledAtMs) * bytesPerSecond) / 1000)
      filledAtMs = nowMs
      budget -= sizeBytes
      return budget >= 0 ? undefined : clock.sleep((-budget * 1000) / bytesPerSecond)
    },
  }
}

export function rateNow(rate: Rate): number | null {
  return typeof rate === 'function' ? rate() : rate
}
