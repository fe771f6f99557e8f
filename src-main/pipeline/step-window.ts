/** Prompt chunks that may be with a neighbour before it has computed the first of them. */
export const WINDOW_STEPS = 8

/**
 * Back-pressure of one session between two neighbours: a prompt may be longer than what a slow stage should keep
 * waiting, and a stream alone would hold up other sessions. Steps that want an answer need none: who asks waits for it.
 */
export interface StepWindow {
  /** Resolves when another chunk may go; one caller at a time. Rejects when the session has ended. */
  take(): Promise<void>
  /** The neighbour has computed one. */
  onTaken(): void
  /** Resolves when the neighbour has computed all that went; nothing goes meanwhile. Rejects when the session has ended. */
  idle(): Promise<void>
  end(error: Error): void
}

export function createStepWindow(): StepWindow {
  let underWay = 0
  let waiting: PromiseWithResolvers<void> | null = null
  let emptied: PromiseWithResolvers<void> | null = null
  let ended: Error | null = null
  return {
    async take() {
      if (ended) throw ended
      if (underWay >= WINDOW_STEPS) {
        waiting = Promise.withResolvers<void>()
        await waiting.promise
      }
      underWay++
    },
    onTaken() {
      underWay = Math.max(0, underWay - 1)
      waiting?.resolve()
      waiting = null
      if (underWay === 0) emptied?.resolve()
    },
    async idle() {
      if (ended) throw ended
      if (underWay === 0) return
      emptied = Promise.withResolvers<void>()
      await emptied.promise
    },
    end(error) {
      ended ??= error
      waiting?.reject(ended)
      waiting = null
      emptied?.reject(ended)
      emptied = null
    },
  }
}
