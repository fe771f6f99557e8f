import type { BlockRange } from '../../src-shared/blocks'
import type { Sampling } from '../engine/sampling'

/** What the pipeline needs of a loaded slice. The node gives one while the slice is proven (L6), else null. */
export interface StageRunner {
  readonly blocks: BlockRange
  readonly blockCount: number
  readonly embeddingLength: number
  /** Merkle root of the model's manifest. */
  readonly root: string
  readonly maxBatchTokens: number
  readonly contextTokens: number
  /**
   * Leases a sequence of the KV cache; `sampling` is how a last stage chooses its tokens, absent for the likeliest.
   * Throws SESSION_LIMIT when none is free.
   */
  openSequence(sampling?: Sampling): number
  /** Gives it back and forgets its cache. */
  closeSequence(sequence: number): void
  run(input: StageInput): Promise<StageOutput>
}

export interface StageInput {
  sequence: number
  position: number
  rows: { tokens: Int32Array } | { hidden: Float32Array }
  /** For the last stage: nothing, the likeliest token after the last row, that and its logits, or the sampler's token. */
  answer: 'none' | 'token' | 'logits' | 'sampled'
  /** Never together with other sessions, whose rows might change how sums are rounded. */
  isExact?: boolean
}

export interface StageOutput {
  /** Residual stream after our last block, rows × embedding length; null on the last stage. */
  hidden: Float32Array | null
  token: number | null
  logits: Float32Array | null
  computeMs: number
}
