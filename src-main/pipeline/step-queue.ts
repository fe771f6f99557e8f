import { EspalierError } from '../../src-shared/errors'
import type { StageInput, StageOutput } from './stage-runner'

export interface StepQueue {
  /** Rejects as `compute` does, and with CANCELLED when the sequence is dropped before its turn. */
  run(input: StageInput): Promise<StageOutput>
  /** Forgets what waits for a sequence: its place in the cache goes to somebody else. */
  drop(sequence: number): void
}

interface Waiting {
  readonly input: StageInput
  /** It was in a batch that failed. */
  isSuspect: boolean
  resolve(output: StageOutput): void
  reject(error: unknown): void
}

function onlyOne([output]: readonly StageOutput[]): StageOutput {
  if (!output) throw new EspalierError('ENGINE_DECODE_FAILED', 'an empty result')
  return output
}

/**
 * Turns of an engine. What comes while it is idle begins at once; what comes meanwhile waits, one step a session, and
 * then single tokens of several sessions go together: for one token as for eight, all weights pass through the
 * processor once. Whoever came first is next, so a long prompt gets a chunk in and then lets the others have theirs.
 * A session that asks to be exact is computed by itself: the sums of a larger batch may be taken in another order.
 * @param compute one call of the engine; all or nothing
 */
export function createStepQueue(options: {
  compute: (inputs: readonly StageInput[]) => Promise<StageOutput[]>
  embeddingLength: number
  maxBatchTokens: number
}): StepQueue {
  const { compute, embeddingLength, maxBatchTokens } = options
  let isBusy = false
  let waiting: Waiting[] = []
  let underWay: readonly Waiting[] = []

  /** One promise of its own and one turn: this is the way of every token of a session that is alone. */
  function computeAtOnce(input: StageInput): Promise<StageOutput> {
    isBusy = true
    return compute([input]).then(
      (outputs) => {
        next()
        return onlyOne(outputs)
      },
      (error: unknown) => {
        next()
        throw error
      },
    )
  }

  async function computeBatch(batch: readonly Waiting[]): Promise<void> {
    const [only] = batch
    if (only && batch.length === 1) await compute([only.input]).then(onlyOne).then(only.resolve, only.reject)
    else {
      try {
        const outputs = await compute(batch.map(({ input }) => input))
        for (const [index, one] of batch.entries()) {
          const output = outputs[index]
          if (output) one.resolve(output)
          else one.reject(new EspalierError('ENGINE_DECODE_FAILED', 'an empty result'))
        }
      } catch {
        // One of them is to blame, and nothing of it was kept: by themselves the others pass.
        for (const one of underWay) one.isSuspect = true
        waiting = [...underWay, ...waiting]
      }
    }
    next()
  }

  function next(): void {
    underWay = takeBatch()
    isBusy = underWay.length > 0
    if (isBusy) void computeBatch(underWay)
  }

  function takeBatch(): Waiting[] {
    const [first] = waiting
    if (!first) return []
    const batch = joinsOthers(first) ? neighboursOf(first) : [first]
    const taken = new Set(batch)
    waiting = waiting.filter((one) => !taken.has(one))
    return batch
  }

  function joinsOthers({ input: { rows, isExact }, isSuspect }: Waiting): boolean {
    if (isExact || isSuspect) return false
    return ('tokens' in rows ? rows.tokens.length : rows.hidden.length / embeddingLength) === 1
  }

  /** The engine computes neighbouring sequences in one call, and gaps between them in several. */
  function neighboursOf(first: Waiting): Waiting[] {
    const sorted = waiting.filter(joinsOthers).sort((a, b) => a.input.sequence - b.input.sequence)
    const at = sorted.indexOf(first)
    let start = at
    let end = at + 1
    const follows = (index: number) => sorted[index]?.input.sequence === (sorted[index - 1]?.input.sequence ?? -2) + 1
    while (end - start < maxBatchTokens && follows(end)) end++
    while (end - start < maxBatchTokens && start > 0 && follows(start)) start--
    return sorted.slice(start, end)
  }

  return {
    run(input) {
      if (!isBusy) return computeAtOnce(input)
      return new Promise((resolve, reject) => void waiting.push({ input, isSuspect: false, resolve, reject }))
    },
    drop(sequence) {
      const isKept = ({ input }: Waiting) => input.sequence !== sequence
      const dropped = [...waiting, ...underWay].filter((one) => !isKept(one))
      waiting = waiting.filter(isKept)
      // What is with the engine is computed, before it forgets the sequence; but it is not tried again.
      underWay = underWay.filter(isKept)
      for (const { reject } of dropped) reject(new EspalierError('CANCELLED', 'the session ended'))
    },
  }
}
