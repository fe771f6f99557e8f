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

/** The calendar days where this computer is, `2026-11-21` each, that end with the one of `atMs`; oldest first. */
export function lastDays(atMs: number, count: number): string[] {
  const today = new Date(atMs)
  return Array.from({ length: count }, (_, index) => {
    // At noon no change of the clocks makes it another day.
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - index), 12)
    const two = (value: number) => String(value).padStart(2, '0')
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
  })
}

/** Noon UTC of a day by its name, `2026-11-21`: for writing the day in words, wherever that is. */
export function noonOfDay(day: string): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return Date.UTC(year, month - 1, date, 12)
}
