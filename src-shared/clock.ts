/** Ends what it belongs to: a timer, a subscription, a server. Calling it twice is harmless. */
export type Disposer = () => void

/**
 * The only source of time. Everything that waits or stamps takes one, so that tests can replace it.
 * Times are milliseconds; `now()` counts from the Unix epoch and may jump, `monotonicMs()` never goes back.
 */
export interface Clock {
  now(): number
  monotonicMs(): number
  after(delayMs: number, run: () => void): Disposer
  every(intervalMs: number, run: () => void): Disposer
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs)
    return () => clearInterval(timer)
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}

/** `2026-11-21T14:15:00.000Z`. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}

/** Minutes since midnight where this computer is. */
export function minuteOfDay(atMs: number): number {
  const at = new Date(atMs)
  return at.getHours() * 60 + at.getMinutes()
}
