import type { Clock, Disposer } from '../../src-shared/clock'

export interface Pacer {
  /** Asks for a run: at once when `intervalMs` have passed since the last one, otherwise as soon as they have. */
  request(): void
  /** Runs now if a run is owed. */
  flush(): void
  /** Runs what is owed, then never again. */
  dispose(): void
}

/** Turns any number of requests into at most one run per `intervalMs`; the last request is always followed by a run. */
export function createPacer(clock: Clock, intervalMs: number, run: () => void): Pacer {
  let lastRunMs = Number.NEGATIVE_INFINITY
  let cancel: Disposer | null = null
  let disposed = false

  const runNow = () => {
    cancel?.()
    cancel = null
    lastRunMs = clock.monotonicMs()
    run()
  }
  const schedule = () => {
    const waitMs = lastRunMs + intervalMs - clock.monotonicMs()
    // Timers may fire a little early, so the wait is measured again when they do.
    if (waitMs <= 0) runNow()
    else cancel = clock.after(Math.ceil(waitMs), schedule)
  }
  const flush = () => {
    if (cancel) runNow()
  }
  return {
    request() {
      if (!disposed && !cancel) schedule()
    },
    flush,
    dispose() {
      flush()
      disposed = true
    },
  }
}

export interface Conflater<T> {
  push(value: T): void
  flush(): void
  dispose(): void
}

/** For snapshots: only the newest one matters, so the ones in between are dropped. The last is always delivered. */
export function createConflater<T>(clock: Clock, intervalMs: number, deliver: (value: T) => void): Conflater<T> {
  let latest: { value: T } | null = null
  const pacer = createPacer(clock, intervalMs, () => {
    const pending = latest
    latest = null
    if (pending) deliver(pending.value)
  })
  return {
    push(value) {
      latest = { value }
      pacer.request()
    },
    flush: pacer.flush,
    dispose: pacer.dispose,
  }
}

export interface TextJoiner {
  push(id: string, text: string): void
  flush(): void
  dispose(): void
}

/** For streams of text: nothing may be dropped, so the pieces of an interval are joined, at most `maxChars` each. */
export function createTextJoiner(
  clock: Clock,
  intervalMs: number,
  maxChars: number,
  deliver: (id: string, text: string) => void,
): TextJoiner {
  const pending = new Map<string, string>()
  const pacer = createPacer(clock, intervalMs, () => {
    const joined = [...pending]
    pending.clear()
    for (const [id, text] of joined) {
      for (const part of splitText(text, maxChars)) deliver(id, part)
    }
  })
  return {
    push(id, text) {
      pending.set(id, (pending.get(id) ?? '') + text)
      pacer.request()
    },
    flush: pacer.flush,
    dispose: pacer.dispose,
  }
}

function splitText(text: string, maxChars: number): string[] {
  const parts: string[] = []
  let start = 0
  while (start < text.length) {
    let end = Math.min(start + maxChars, text.length)
    // A surrogate pair stays whole: half of one is not valid text.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1
    parts.push(text.slice(start, end))
    start = end
  }
  return parts
}
