import type { BlockRange } from '../../src-shared/blocks'
import { blockOf, modelShape } from '../shards/architectures'
import type { GgufHeader } from '../shards/gguf-types'
import { arrayElements, integerOf } from '../shards/gguf-values'

/** What blocks will need while they are served, in bytes. Computed from a header, before anything is loaded. */
export interface MemoryNeed {
  /** Weights as they lie in the file. A processor may hold a second, repacked copy; then the mapped one can be dropped. */
  weightsBytes: number
  kvBytes: number
  /** Scratch of the largest batch, and the rows of logits that a last stage keeps. */
  computeBytes: number
  totalBytes: number
}

export interface ServingSize {
  /** KV cells over all sequences that may be leased. */
  contextTokens: number
  maxBatchTokens: number
  maxSequences: number
}

/** llama.cpp v0.4.0 rounds a cache up to this. */
const CELLS_STEP = 256
const F16 = 2
const F32 = 4
/** Rows of the embedding's width that are alive at once within a block, and beside the logits: measured, see docs/engine.md. */
const WIDE_ROWS = 6
const WIDE_ROWS_AT_END = 5
/** Gate and up of the feed-forward part. */
const FEED_FORWARD_ROWS = 2

/**
 * The memory that llama.cpp takes for the blocks `range` of a model whose header this is. `header` is the whole
 * model's; for a slice's own, give its blocks from 0. Throws what `modelShape` throws.
 */
export function memoryNeed(header: GgufHeader, range: BlockRange, size: ServingSize, isLast: boolean): MemoryNeed {
  const shape = modelShape(header)
  const number = numbersOf(header, shape.architecture)
  const sequenceCells = Math.ceil(size.contextTokens / size.maxSequences / CELLS_STEP) * CELLS_STEP
  // The engine keeps one sequence more than it leases, for probes.
  const cells = sequenceCells * (size.maxSequences + 1)
  const rows = size.maxBatchTokens
  const width = shape.embeddingLength
  const body =
    rows * F32 * (WIDE_ROWS * width + FEED_FORWARD_ROWS * feedForward(header, shape.architecture)) +
    sequenceCells * rows * F16
  const end = isLast ? rows * F32 * (shape.vocabSize + WIDE_ROWS_AT_END * width) : 0
  const kept = isLast ? (size.maxSequences + 1) * shape.vocabSize * F32 : 0
  const weightsBytes = weights(header, range, isLast, shape.tiedOutput)
  let kvBytes = 0
  const heads = number('attention.head_count') ?? 1
  const headLength = Math.floor(width / heads)
  const keyAndValue = (number('attention.key_length') ?? headLength) + (number('attention.value_length') ?? headLength)
  for (let block = range.start; block < range.end; block++) {
    kvBytes += cells * (number('attention.head_count_kv', block) ?? heads) * keyAndValue * F16
  }
  const computeBytes = Math.max(body, end) + kept
  return { weightsBytes, kvBytes, computeBytes, totalBytes: weightsBytes + kvBytes + computeBytes }
}

/**
 * How many blocks fit into `budgetBytes`: the length of the longest run from the first block that does. Blocks of one
 * model differ little, so this is a suggestion for any place in it. 0 where not even one fits.
 */
export function blocksThatFit(header: GgufHeader, size: ServingSize, budgetBytes: number): number {
  const { blockCount } = modelShape(header)
  // Whoever takes them all has the end, too, and its logits.
  const need = (count: number) => memoryNeed(header, { start: 0, end: count }, size, count === blockCount).totalBytes
  let fits = 0
  for (let count = 1; count <= blockCount && need(count) <= budgetBytes; count++) fits = count
  return fits
}

function weights(header: GgufHeader, range: BlockRange, isLast: boolean, isTied: boolean): number {
  return header.tensors
    .filter(({ name }) => {
      const block = blockOf(name)?.block
      if (block !== undefined) return block >= range.start && block < range.end
      if (name === 'token_embd.weight') return isLast && isTied
      return isLast || !name.startsWith('output')
    })
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** The width of the feed-forward part; of a mixture, that of all experts that a token goes through. */
function feedForward(header: GgufHeader, architecture: string): number {
  const number = numbersOf(header, architecture)
  const dense = number('feed_forward_length') ?? 0
  const used = number('expert_used_count') ?? 0
  return used === 0 ? dense : used * (number('expert_feed_forward_length') ?? dense)
}

/** Numbers of a model; one that differs from block to block is stored as an array. */
function numbersOf(header: GgufHeader, architecture: string) {
  return (name: string, block = 0): number | undefined => {
    const key = `${architecture}.${name}`
    const entry = header.entries.get(key)
    const array = entry && arrayElements(entry)
    if (!array) return integerOf(header, key)
    const element = array.elements[block]
    // Integers of up to 4 bytes; models have no others here.
    return element && element.byteLength >= 4
      ? new DataView(element.buffer, element.byteOffset, element.byteLength).getUint32(0, true)
      : undefined
  }
}
