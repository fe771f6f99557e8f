import { type BlockRange, blocksInWords, formatBlocks, isBlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import { blockOf, cuttingRule, type ModelShape, modelShape } from './architectures'
import {
  type GgufEntry,
  type GgufHeader,
  type GgufTensor,
  TENSOR_TYPE,
  TENSOR_TYPES,
  tensorSizeBytes,
} from './gguf-types'
import { arrayElements, arrayLength, integerOf } from './gguf-values'
import { array, encodeGgufHeader, entry, type TensorToWrite } from './gguf-write'

/** Where the bytes of a planned tensor come from. `zeros` are left as a hole in a sparse file. */
export type TensorContent =
  | { readonly kind: 'source'; readonly offset: number }
  | { readonly kind: 'ones' }
  | { readonly kind: 'zeros' }

export interface PlannedTensor extends TensorToWrite {
  /** From the beginning of the planned file. */
  readonly offset: number
  readonly sizeBytes: number
  readonly content: TensorContent
}

/** A GGUF file that can be written in one pass: tensors from the source come first, in the source's order. */
export interface FilePlan {
  readonly header: Uint8Array
  readonly tensors: readonly PlannedTensor[]
  readonly fileSizeBytes: number
}

export interface SlicePlan extends FilePlan {
  readonly range: BlockRange
  readonly shape: ModelShape
}

type Draft = TensorToWrite & { readonly content: TensorContent }

/** Rows of the embedding table of slices that never see a token: llama.cpp wants one, and reads none of it. */
const STUB_VOCAB_SIZE = 8

/**
 * Plans the GGUF that serves blocks [start, end) alone: blocks renumbered from 0, no vocabulary, embeddings fed from
 * outside. Only the last slice keeps output norm and output matrix.
 * Throws BLOCK_RANGE_INVALID, CUT_UNSUPPORTED, ARCH_UNSUPPORTED or GGUF_INVALID.
 */
export function planSlice(header: GgufHeader, range: BlockRange): SlicePlan {
  const shape = modelShape(header)
  checkCut(header, shape, range)
  const isLast = range.end === shape.blockCount
  const vocabSize = isLast ? shape.vocabSize : STUB_VOCAB_SIZE
  const drafts = [...copiedTensors(header, shape, range), ...madeTensors(header, shape, isLast)]
  return { ...layOut(sliceEntries(header, shape, range, vocabSize), drafts), range, shape }
}

/**
 * Plans the entry file: the whole tokenizer and the real token embeddings, no blocks. llama.cpp loads it with
 * `vocab_only` to tokenize; embedding rows are read from it directly.
 */
export function planVocabulary(header: GgufHeader): FilePlan {
  modelShape(header)
  const embedding = header.tensors.filter((tensor) => tensor.name === 'token_embd.weight')
  return layOut(
    entriesOfModel(header),
    embedding.map((tensor) => copyOf(tensor)),
  )
}

/**
 * A GGUF with the whole tokenizer and not one tensor: what whoever holds other blocks than the first needs to read and
 * write words. It comes from the header alone, which every slice of the model was made with.
 */
export function encodeTokenizer(header: GgufHeader): Uint8Array {
  modelShape(header)
  return encodeGgufHeader(entriesOfModel(header), []).bytes
}

/** Throws BLOCK_RANGE_INVALID or CUT_UNSUPPORTED when blocks of this model cannot be served by this range. */
export function checkCut(header: GgufHeader, shape: ModelShape, range: BlockRange): void {
  const { architecture, blockCount } = shape
  if (!isBlockRange(range, blockCount)) {
    throw new EspalierError('BLOCK_RANGE_INVALID', `${blocksInWords(range)} of a model of ${blockCount}`)
  }
  if (range.start === 0 && range.end === blockCount) return
  const { period, uncuttableBlockCounts } = cuttingRule(architecture)
  const what = `${architecture} with ${blockCount} blocks`
  if (uncuttableBlockCounts.includes(blockCount)) throw new EspalierError('CUT_UNSUPPORTED', `${what} only as a whole`)
  if (period === 1) return
  const patternKey = `${architecture}.attention.sliding_window_pattern`
  const pattern = header.entries.get(patternKey)
  if (pattern !== undefined && (arrayLength(pattern) !== null || integerOf(header, patternKey) !== period)) {
    throw new EspalierError('CUT_UNSUPPORTED', `${what} and a sliding window pattern of its own, only as a whole`)
  }
  const isOnPeriod = range.start % period === 0 && (range.end % period === 0 || range.end === blockCount)
  if (!isOnPeriod) {
    throw new EspalierError(
      'CUT_UNSUPPORTED',
      `blocks ${formatBlocks(range)} of ${what}, cut at multiples of ${period}`,
    )
  }
}

function copiedTensors(header: GgufHeader, shape: ModelShape, range: BlockRange): Draft[] {
  const isLast = range.end === shape.blockCount
  const drafts: Draft[] = []
  for (const tensor of header.tensors.toSorted((a, b) => a.offset - b.offset)) {
    const inBlock = blockOf(tensor.name)
    if (inBlock !== null) {
      const { block, rest } = inBlock
      if (block >= range.start && block < range.end) drafts.push(copyOf(tensor, `blk.${block - range.start}.${rest}`))
    } else if (tensor.name === 'token_embd.weight') {
      if (isLast && shape.tiedOutput) drafts.push(copyOf(tensor))
    } else if (isOutputTensor(tensor.name)) {
      if (isLast) drafts.push(copyOf(tensor))
    } else {
      // Tables that every block may use, such as rope_freqs.weight.
      drafts.push(copyOf(tensor))
    }
  }
  return drafts
}

/** What llama.cpp insists on, although nothing of it is read. */
function madeTensors(header: GgufHeader, shape: ModelShape, isLast: boolean): Draft[] {
  const { embeddingLength, vocabSize, tiedOutput } = shape
  const name = 'token_embd.weight'
  const content = { kind: 'zeros' } as const
  if (isLast) {
    // llama.cpp checks that the table has as many rows as the output matrix.
    return tiedOutput ? [] : [{ name, type: holeType(embeddingLength), dims: [embeddingLength, vocabSize], content }]
  }
  const stub: Draft = { name, type: TENSOR_TYPE.F32, dims: [embeddingLength, STUB_VOCAB_SIZE], content }
  const output = cuttingRule(shape.architecture).insistsOnOutput ? [{ ...stub, name: 'output.weight' }] : []
  const norms = header.tensors.filter((tensor) => tensor.name.startsWith('output_norm.'))
  return [
    stub,
    ...output,
    ...norms.map(({ name, dims }): Draft => {
      return { name, type: TENSOR_TYPE.F32, dims, content: { kind: name.endsWith('.weight') ? 'ones' : 'zeros' } }
    }),
  ]
}

/** The smallest type whose blocks fill a row. */
function holeType(rowLength: number): number {
  const candidates = [TENSOR_TYPE.Q1_0, TENSOR_TYPE.Q2_0, TENSOR_TYPE.Q4_0]
  return candidates.find((type) => rowLength % (TENSOR_TYPES.get(type)?.blockLength ?? 1) === 0) ?? TENSOR_TYPE.F16
}

function sliceEntries(header: GgufHeader, shape: ModelShape, range: BlockRange, vocabSize: number): GgufEntry[] {
  const { architecture, blockCount } = shape
  const { scalesInput } = cuttingRule(architecture)
  const replaced = new Set([`${architecture}.block_count`, `${architecture}.vocab_size`])
  if (scalesInput) replaced.add(`${architecture}.embedding_scale`)
  const entries: GgufEntry[] = []
  for (const found of header.entries.values()) {
    const { key } = found
    if (isLayoutKey(key) || key.startsWith('tokenizer.') || replaced.has(key)) continue
    const perBlock = key.startsWith(`${architecture}.`) ? arrayElements(found) : null
    // llama.cpp refuses arrays with one value per block whose length is not the block count.
    entries.push(
      perBlock?.elements.length === blockCount
        ? array(key, perBlock.elementType, perBlock.elements.slice(range.start, range.end))
        : found,
    )
  }
  entries.push(
    entry.uint32(`${architecture}.block_count`, range.end - range.start),
    entry.uint32(`${architecture}.vocab_size`, vocabSize),
    ...(scalesInput ? [entry.float32(`${architecture}.embedding_scale`, 0)] : []),
    entry.string('tokenizer.ggml.model', 'no_vocab'),
    entry.uint32('espalier.slice.start', range.start),
    entry.uint32('espalier.slice.end', range.end),
    entry.uint32('espalier.slice.block_count', blockCount),
  )
  return entries
}

function entriesOfModel(header: GgufHeader): GgufEntry[] {
  return [...header.entries.values()].filter(({ key }) => !isLayoutKey(key))
}

/** Keys that describe how the source file is laid out, not the model. */
function isLayoutKey(key: string): boolean {
  return key === 'general.alignment' || key.startsWith('split.')
}

export function isOutputTensor(name: string): boolean {
  return name === 'output.weight' || name === 'output.bias' || name.startsWith('output_norm.')
}

function copyOf(tensor: GgufTensor, name: string = tensor.name): Draft {
  return { name, type: tensor.type, dims: tensor.dims, content: { kind: 'source', offset: tensor.offset } }
}

function layOut(entries: readonly GgufEntry[], drafts: readonly Draft[]): FilePlan {
  const { bytes, offsets, fileSizeBytes } = encodeGgufHeader(entries, drafts)
  const tensors = drafts.map((draft, index) => {
    return { ...draft, offset: offsets[index] ?? 0, sizeBytes: tensorSizeBytes(draft.type, draft.dims) }
  })
  return { header: bytes, tensors, fileSizeBytes }
}
