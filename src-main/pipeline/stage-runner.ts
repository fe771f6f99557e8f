import type { BlockRange } from '../../src-shared/blocks'

/** What the pipeline needs of a loaded slice. The node gives one while the slice is proven (L6), else null. */
export interface StageRunner {
  readonly blocks: BlockRange
  readonly blockCount: number
  readonly embeddingLength: number
  /** Merkle root of the model's manifest. */
  readonly root: string
  readonly maxBatchTokens: number
  readonly contextTokens: number
  /** Leases a sequence of the KV cache. Throws SESSION_LIMIT when none is free. */
  openSequence(): number
  /** Gives it back and forgets its cache. */
  closeSequence(sequence: number): void
  run(input: StageInput): Promise<StageOutput>
}

export interface StageInput {
  sequence: number
  position: number
  rows: { tokens: Int32Array } | { hidden: Float32Array }
  /** For the last stage: nothing, the greedy token of the last row, or that and its logits. */
  answer: 'none' | 'token' | 'logits'
}

export interface StageOutput {
  /** Residual stream after our last block, rows × embedding length; null on the last stage. */
  hidden: Float32Array | null
  token: number | null
  logits: Float32Array | null
  computeMs: number
}
