import type { Clock, Disposer } from '../../src-shared/clock'

/** With the tick that lets ages grow, this keeps a page below ten renders per second. */
export const FRAME_INTERVAL_MS = 125

export interface Frames {
  /** Runs `update` now when the last frame is long enough ago, otherwise with all others of the next frame, in order. */
  run(update: () => void): void
  /** Runs what waits. For changes that must not overtake what came before them. */
  flush(): void
  dispose(): void
}

/** Whatever arrives from the node, and however fast, changes the page in at most one step per `intervalMs`. */
export function createFrames(clock: Clock, intervalMs = FRAME_INTERVAL_MS): Frames {
  let waiting: (() => void)[] = []
  let lastMs = Number.NEGATIVE_INFINITY
  let cancel: Disposer | null = null

  const flush = () => {
    cancel?.()
    cancel = null
    if (waiting.length === 0) return
    lastMs = clock.monotonicMs()
    const updates = waiting
    waiting = []
    for (const update of updates) update()
  }
  const schedule = () => {
    const waitMs = lastMs + intervalMs - clock.monotonicMs()
    // Timers may fire a little early, so the wait is measured again when they do.
    if (waitMs <= 0) flush()
    else cancel = clock.after(Math.ceil(waitMs), schedule)
  }
  return {
    run(update) {
      waiting.push(update)
      if (!cancel) schedule()
    },
    flush,
    dispose() {
      cancel?.()
      cancel = null
      waiting = []
    },
  }
}
