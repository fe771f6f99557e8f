import type { Clock } from '../../../src-shared/clock'

/** Lets many wait for "something changed", but not for long: some conditions are a matter of time. */
export interface Wake {
  notify(): void
  wait(maxMs: number): Promise<void>
}

export function createWake(clock: Clock): Wake {
  const waiting = new Set<() => void>()
  return {
    notify() {
      for (const wake of [...waiting]) wake()
    },
    wait: (maxMs) =>
      new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          cancel()
          resolve()
        }
        const cancel = clock.after(maxMs, wake)
        waiting.add(wake)
      }),
  }
}
