import { EspalierError } from '../../src-shared/errors'
import { EngineClient, type EngineProcess } from '../engine/engine'
import { greedyToken } from '../node/engine-stage'
import type { Generation } from '../pipeline/generate'

/** What one llama.cpp process with the whole model computes for the same tokens in the same batches. */
export interface Reference {
  /** Repeats a generation batch by batch: its tokens, and the logits before each of them. */
  repeat(
    generation: Pick<Generation, 'promptTokens' | 'tokens' | 'schedule'>,
  ): Promise<{ tokens: number[]; logits: Float32Array[] }>
  close(): Promise<void>
}

/** Loads the whole model through the same binding that nodes use, in a process of its own, with one thread. */
export async function openReference(options: {
  modelPath: string
  spawnEngine: () => EngineProcess
  contextTokens: number
  maxBatchTokens: number
}): Promise<Reference> {
  const engine = new EngineClient(options.spawnEngine())
  try {
    await engine.start({ accelerator: 'cpu', directory: null })
    await engine.load({
      slicePath: options.modelPath,
      entryPath: null,
      wholeModel: true,
      isLast: true,
      contextTokens: options.contextTokens,
      maxBatchTokens: options.maxBatchTokens,
      maxSequences: 1,
      threads: 1,
      gpuLayers: 0,
    })
  } catch (error) {
    await engine.stop()
    throw error
  }
  return {
    async repeat({ promptTokens, tokens, schedule }) {
      const sequence = engine.openSequence()
      const found: { tokens: number[]; logits: Float32Array[] } = { tokens: [], logits: [] }
      try {
        // The reference feeds itself: after the prompt each input is the token that it chose, not the network's.
        let position = 0
        for (const rows of schedule) {
          const fromPrompt = position < promptTokens.length
          const input = fromPrompt
            ? promptTokens.slice(position, position + rows)
            : Int32Array.from(found.tokens.slice(-1))
          position += rows
          const wantLogits = position >= promptTokens.length ? 'last' : 'none'
          const { items } = await engine.run({
            items: [{ sequence, position: position - rows, tokens: input, wantLogits }],
          })
          if (wantLogits === 'none') continue
          const logits = items[0]?.logits ?? null
          const token = greedyToken(logits)
          if (logits === null || token === null)
            throw new EspalierError('ENGINE_DECODE_FAILED', 'the reference gave no logits')
          found.tokens.push(token)
          found.logits.push(logits)
        }
        if (found.tokens.length !== tokens.length)
          throw new EspalierError('INTERNAL', 'the schedule does not fit the answer')
        return found
      } finally {
        await engine.closeSequence(sequence)
      }
    },
    close: () => engine.stop(),
  }
}

/** The largest difference of two equally long lists of logits; infinite when they can't be compared. */
export function maxDifference(ours: readonly Float32Array[], theirs: readonly Float32Array[]): number {
  if (ours.length !== theirs.length || ours.length === 0) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < ours.length; i++) {
    const a = ours[i] ?? new Float32Array()
    const b = theirs[i] ?? new Float32Array()
    if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY
    for (let j = 0; j < a.length; j++) {
      const difference = Math.abs((a[j] ?? Number.NaN) - (b[j] ?? Number.NaN))
      // Written so that NaN counts as different.
      if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
    }
  }
  return largest
}
