import type { Clock } from '../src-shared/clock'

/** Time that stands still until a test moves it. Timers fire in order, with pending promises settled in between. */
export class FakeClock implements Clock {
  #nowMs: number
  #nextId = 0
  readonly #timers = new Map<number, { atMs: number; run: () => void }>()

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
  }

  now = (): number => this.#nowMs
  monotonicMs = (): number => this.#nowMs

  after = (delayMs: number, run: () => void) => {
    const id = this.#nextId++
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, run })
    return () => void this.#timers.delete(id)
  }

  every = (intervalMs: number, run: () => void) => {
    let cancel: () => void = () => undefined
    const schedule = () => {
      cancel = this.after(intervalMs, () => {
        schedule()
        run()
      })
    }
    schedule()
    return () => cancel()
  }

  sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = this.after(delayMs, resolve)
      signal?.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })

  /** As a computer that sleeps: time passes, and the timers that were due meanwhile fire afterwards, with `advance`. */
  fallAsleep(durationMs: number): void {
    this.#nowMs += durationMs
  }

  /** How many timers wait: nothing may wait after a stop. */
  get pending(): number {
    return this.#timers.size
  }

  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    for (;;) {
      await settle()
      const due = [...this.#timers]
        .filter(([, { atMs }]) => atMs <= endMs)
        .sort(([a, x], [b, y]) => x.atMs - y.atMs || a - b)[0]
      if (!due) break
      const [id, { atMs, run }] = due
      this.#timers.delete(id)
      this.#nowMs = Math.max(this.#nowMs, atMs)
      run()
    }
    this.#nowMs = endMs
    await settle()
  }
}

/** Lets promises run their course; real I/O is not waited for. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
