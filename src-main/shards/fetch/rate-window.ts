import type { Clock } from '../../../src-shared/clock'

const WINDOW_MS = 10_000
const BUCKET_MS = 500
/** An estimate from less than this would jump about. */
const ENOUGH_MS = 5_000

/** Bytes per second over the last ten seconds, from what was counted and nothing else. */
export interface RateWindow {
  add(sizeBytes: number): void
  /** Null until five seconds of data were seen, and again when nothing came for a whole window. */
  perSecond(): number | null
}

export function createRateWindow(clock: Clock): RateWindow {
  let firstAtMs: number | null = null
  const buckets: { atMs: number; sizeBytes: number }[] = []
  const forget = (nowMs: number) => {
    while ((buckets[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) buckets.shift()
  }
  return {
    add(sizeBytes) {
      const nowMs = clock.monotonicMs()
      forget(nowMs)
      firstAtMs ??= nowMs
      const last = buckets.at(-1)
      if (last !== undefined && nowMs - last.atMs < BUCKET_MS) last.sizeBytes += sizeBytes
      else buckets.push({ atMs: nowMs, sizeBytes })
    },
    perSecond() {
      const nowMs = clock.monotonicMs()
      forget(nowMs)
      if (firstAtMs === null || nowMs - firstAtMs < ENOUGH_MS || buckets.length === 0) return null
      const spanMs = Math.min(WINDOW_MS, nowMs - firstAtMs)
      return (1000 * buckets.reduce((sum, bucket) => sum + bucket.sizeBytes, 0)) / spanMs
    },
  }
}
