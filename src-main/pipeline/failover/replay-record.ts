/** One batch as it went into the chain. */
export interface RecordedStep {
  readonly tokens: Int32Array
  readonly position: number
  readonly wantsAnswer: boolean
}

const FIRST_CAPACITY = 256

/**
 * What is needed to bring another chain to where a session is: its tokens, the batches they went in, and the answers
 * that were handed on. A chain is a function of these (DECISIONS 6), so the asking side needs no hidden state: 4 bytes a
 * token and a number a batch, at most `maxTokens` of each. (What stages keep to spare the others a replay: keeping.ts.)
 */
export function createReplayRecord(maxTokens: number) {
  let tokens = new Int32Array(Math.min(FIRST_CAPACITY, maxTokens))
  const batches: { readonly position: number; readonly rows: number; readonly wantsAnswer: boolean }[] = []
  const answers: number[] = []

  return {
    /** Rows so far: the position of the next one. */
    get rows(): number {
      const last = batches.at(-1)
      return last ? last.position + last.rows : 0
    },
    get batches(): number {
      return batches.length
    },
    /** Batches that end at or before this row. */
    batchesUntil: (row: number): number => 1 + batches.findLastIndex(({ position, rows }) => position + rows <= row),
    /** Answers that were handed on, in order. */
    answers: answers as readonly number[],
    /** Rows of each batch in order. */
    schedule: (): number[] => batches.map(({ rows }) => rows),
    addStep(step: RecordedStep): void {
      const end = step.position + step.tokens.length
      if (end > tokens.length) {
        const grown = new Int32Array(Math.min(maxTokens, Math.max(end, 2 * tokens.length)))
        grown.set(tokens)
        tokens = grown
      }
      tokens.set(step.tokens, step.position)
      batches.push({ position: step.position, rows: step.tokens.length, wantsAnswer: step.wantsAnswer })
    },
    addAnswer(token: number): void {
      answers.push(token)
    },
    step(index: number): RecordedStep | null {
      const batch = batches[index]
      if (!batch) return null
      const { position, rows, wantsAnswer } = batch
      return { tokens: tokens.slice(position, position + rows), position, wantsAnswer }
    },
  }
}

export type ReplayRecord = ReturnType<typeof createReplayRecord>
