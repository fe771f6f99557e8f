import type { Clock } from '../../src-shared/clock'

/** Something that happens once, and those who would wait for it, but not for ever. */
export interface OnceDone {
  /** Later calls do nothing. */
  done(): void
  /** Resolves when it is done, or after `limitMs`, whichever is first. */
  within(limitMs: number): Promise<void>
}

export function onceDone(clock: Clock): OnceDone {
  let done: () => void = () => undefined
  const happened = new Promise<void>((resolve) => {
    done = resolve
  })
  return {
    done: () => done(),
    within: (limitMs) =>
      new Promise((over) => {
        const giveUp = clock.after(limitMs, over)
        void happened.then(() => {
          giveUp()
          over()
        })
      }),
  }
}
