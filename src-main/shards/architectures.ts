import { EspalierError } from '../../src-shared/errors'
import type { GgufHeader } from './gguf-types'
import { floatOf, integerOf, stringOf } from './gguf-values'

/** How a model of one architecture may be cut into slices of blocks renumbered from 0. */
export interface CuttingRule {
  /**
   * Slices start only at multiples of this (and end there, or with the model). 1: every block is like every other.
   * Otherwise llama.cpp derives a block's kind (sliding window or full attention) from its number; the pinned
   * v0.4.0 ignores an explicit pattern array without an error, and an off-period slice computes nonsense.
   */
  readonly period: number
  /** llama.cpp scales token embeddings by sqrt(embedding length), but not rows that are fed in from outside. */
  readonly scalesEmbedding: boolean
  /**
   * llama.cpp multiplies what comes in by `<architecture>.embedding_scale`, rows from outside included. Slices are
   * written without it, and the factor is applied where the embedding is looked up.
   */
  readonly scalesInput: boolean
  /** Block counts from which llama.cpp derives numerics (gemma3 27B: the attention scale): not to be cut at all. */
  readonly uncuttableBlockCounts: readonly number[]
  /** llama.cpp does not fall back to the embedding matrix when there is no output matrix. */
  readonly insistsOnOutput: boolean
}

const uniform: CuttingRule = {
  period: 1,
  scalesEmbedding: false,
  scalesInput: false,
  uncuttableBlockCounts: [],
  insistsOnOutput: false,
}

/** The allow-list. Everything else is refused by name, because a wrong cut does not fail: it computes nonsense. */
const RULES: ReadonlyMap<string, CuttingRule> = new Map([
  ['llama', uniform],
  ['mistral3', uniform],
  ['qwen2', uniform],
  ['qwen3', uniform],
  ['qwen3moe', uniform],
  ['granite', { ...uniform, scalesInput: true }],
  ['gemma3', { ...uniform, period: 6, scalesEmbedding: true, uncuttableBlockCounts: [62] }],
  ['gpt-oss', { ...uniform, period: 2, insistsOnOutput: true }],
])

export const SUPPORTED_ARCHITECTURES: readonly string[] = [...RULES.keys()]

/** The rule of an architecture; ARCH_UNSUPPORTED, with the name, when it is not on the list. */
export function cuttingRule(architecture: string): CuttingRule {
  const rule = RULES.get(architecture)
  if (rule === undefined) {
    throw new EspalierError('ARCH_UNSUPPORTED', `${architecture} (supported: ${SUPPORTED_ARCHITECTURES.join(', ')})`)
  }
  return rule
}

export interface ModelShape {
  readonly architecture: string
  readonly name: string
  readonly blockCount: number
  readonly embeddingLength: number
  readonly vocabSize: number
  readonly contextLength: number
  /** The output matrix is the embedding matrix. */
  readonly tiedOutput: boolean
  /** Factor between a stored embedding row and what block 0 is fed. */
  readonly embeddingScale: number
}

const BLOCK_TENSOR = /^blk\.(0|[1-9]\d{0,3})\.(.+)$/

/** Block number of a tensor and its name within the block; null for tensors outside of blocks. */
export function blockOf(tensorName: string): { block: number; rest: string } | null {
  const match = BLOCK_TENSOR.exec(tensorName)
  return match === null ? null : { block: Number(match[1]), rest: match[2] ?? '' }
}

/**
 * What a model is, from its header, checked for everything that llama.cpp answers by aborting the process.
 * An entry file has the shape of its model and no blocks: `needsBlocks: false`.
 * Throws ARCH_UNSUPPORTED for architectures not on the list, GGUF_INVALID for contradictions.
 */
export function modelShape(header: GgufHeader, { needsBlocks = true } = {}): ModelShape {
  const architecture = stringOf(header, 'general.architecture') ?? ''
  const rule = cuttingRule(architecture)
  const number = (name: string, fallback?: number): number => {
    const value = integerOf(header, `${architecture}.${name}`) ?? fallback
    if (value === undefined || value < 0) throw invalid(`${architecture}.${name} is ${value ?? 'missing'}`)
    return value
  }
  if (number('nextn_predict_layers', 0) > 0) {
    throw new EspalierError('ARCH_UNSUPPORTED', `${architecture} with blocks for multi-token prediction`)
  }
  if ((integerOf(header, 'split.count') ?? 1) > 1) {
    throw invalid('it is one part of a model that was split into several files; merge them first')
  }
  const blockCount = number('block_count')
  const embeddingLength = number('embedding_length')
  if (number('expert_used_count', 0) > number('expert_count', 0)) throw invalid('more experts are used than exist')
  const embedding = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')
  if (embedding === undefined) throw invalid('it has no token_embd.weight')
  const [rowLength, vocabSize] = embedding.dims
  if (rowLength !== embeddingLength || vocabSize === undefined || embedding.dims.length !== 2) {
    throw invalid(`token_embd.weight is ${embedding.dims.join(' × ')}, the embedding length ${embeddingLength}`)
  }
  if (needsBlocks) checkBlocks(header, blockCount)
  return {
    architecture,
    name: stringOf(header, 'general.name') ?? architecture,
    blockCount,
    embeddingLength,
    vocabSize,
    contextLength: number('context_length'),
    tiedOutput: !header.tensors.some((tensor) => tensor.name === 'output.weight'),
    embeddingScale: embeddingScaleOf(header, rule, embeddingLength),
  }
}

function embeddingScaleOf(header: GgufHeader, rule: CuttingRule, embeddingLength: number): number {
  if (rule.scalesEmbedding) return Math.fround(Math.sqrt(embeddingLength))
  if (!rule.scalesInput) return 1
  // Zero, as in our slices, and a missing key both mean: no factor.
  const scale = floatOf(header, `${stringOf(header, 'general.architecture')}.embedding_scale`) ?? 0
  if (!Number.isFinite(scale)) throw invalid('embedding_scale is not a number')
  return scale === 0 ? 1 : scale
}

function checkBlocks(header: GgufHeader, blockCount: number): void {
  const seen = new Set<number>()
  for (const { name } of header.tensors) {
    const block = blockOf(name)?.block
    if (block === undefined) continue
    if (block >= blockCount) throw invalid(`tensor ${name} lies beyond the ${blockCount} blocks`)
    seen.add(block)
  }
  if (seen.size !== blockCount) throw invalid(`${blockCount - seen.size} of ${blockCount} blocks have no tensors`)
}

function invalid(detail: string): EspalierError {
  return new EspalierError('GGUF_INVALID', detail)
}
