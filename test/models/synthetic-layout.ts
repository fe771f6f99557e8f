import { type GgufEntry, TENSOR_TYPE } from '../../src-main/shards/gguf-types'
import { entry } from '../../src-main/shards/gguf-write'

export type SyntheticArchitecture =
  | 'llama'
  | 'mistral3'
  | 'qwen2'
  | 'qwen3'
  | 'qwen3moe'
  | 'granite'
  | 'gemma3'
  | 'gpt-oss'

export interface SyntheticOptions {
  architecture: SyntheticArchitecture
  name: string
  seed: number
  /** Type of the matrices; norms and biases are always F32. */
  type: 'F32' | 'F16' | 'Q8_0'
  blockCount: number
  embeddingLength: number
  headCount: number
  headCountKv: number
  feedForwardLength: number
  /** At least 259: three special tokens and the 256 bytes. */
  vocabSize: number
  contextLength: number
  tiedOutput: boolean
  /** Adds rope_freqs.weight, a table that all blocks share. */
  ropeFreqs: boolean
  /** Experts per block for the architectures that have them. */
  expertCount: number
  /** Gives experts to an architecture that may have them or not (llama: the Mixtral kind). */
  isMixture: boolean
}

/** About 6 million parameters: 6.5 MB as Q8_0. */
export const SMALL: SyntheticOptions = {
  architecture: 'llama',
  name: 'Synthetic',
  seed: 1,
  type: 'Q8_0',
  blockCount: 8,
  embeddingLength: 256,
  headCount: 8,
  headCountKv: 4,
  feedForwardLength: 704,
  vocabSize: 512,
  contextLength: 1024,
  tiedOutput: false,
  ropeFreqs: false,
  expertCount: 8,
  isMixture: false,
}

/** 346 million parameters, 24 blocks, the shape of a real small model: 368 MB as Q8_0. */
export const LARGE: SyntheticOptions = {
  ...SMALL,
  blockCount: 24,
  embeddingLength: 1024,
  headCount: 16,
  headCountKv: 8,
  feedForwardLength: 2816,
  vocabSize: 32_000,
  contextLength: 2048,
}

/** 1.95 billion parameters, 2 GB as Q8_0. */
export const LARGEST: SyntheticOptions = {
  ...LARGE,
  blockCount: 26,
  embeddingLength: 2560,
  headCount: 20,
  headCountKv: 4,
  feedForwardLength: 6912,
}

/** `ones`, `norm` (near one) and `freqs` are F32 tables; a number is the standard deviation of random weights. */
export type Filling = 'ones' | 'norm' | 'freqs' | number

export interface SyntheticTensor {
  name: string
  type: number
  dims: number[]
  filling: Filling
}

const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7 } as const
const SLIDING_WINDOW = 16

export function syntheticEntries(options: SyntheticOptions): GgufEntry[] {
  const { architecture: a, blockCount, embeddingLength, headCount, headCountKv, vocabSize } = options
  const headLength = embeddingLength / headCount
  const entries = [
    entry.string('general.architecture', a),
    entry.string('general.name', options.name),
    entry.uint32('general.file_type', FILE_TYPES[options.type]),
    entry.uint32(`${a}.block_count`, blockCount),
    entry.uint32(`${a}.context_length`, options.contextLength),
    entry.uint32(`${a}.embedding_length`, embeddingLength),
    // The Mixtral kind has no length of its own for experts.
    entry.uint32(`${a}.feed_forward_length`, options.isMixture ? expertLength(options) : options.feedForwardLength),
    entry.uint32(`${a}.attention.head_count`, headCount),
    entry.uint32(`${a}.attention.head_count_kv`, headCountKv),
    entry.uint32(`${a}.attention.key_length`, headLength),
    entry.uint32(`${a}.attention.value_length`, headLength),
    entry.float32(`${a}.attention.layer_norm_rms_epsilon`, 1e-5),
    entry.float32(`${a}.rope.freq_base`, 10_000),
    entry.uint32(`${a}.rope.dimension_count`, headLength),
    entry.uint32(`${a}.vocab_size`, vocabSize),
  ]
  if (hasExperts(options)) {
    entries.push(
      entry.uint32(`${a}.expert_count`, options.expertCount),
      entry.uint32(`${a}.expert_used_count`, 2),
      entry.uint32(`${a}.expert_feed_forward_length`, expertLength(options)),
    )
  }
  if (a === 'gemma3' || a === 'gpt-oss') entries.push(entry.uint32(`${a}.attention.sliding_window`, SLIDING_WINDOW))
  if (a === 'granite') {
    entries.push(
      entry.float32(`${a}.embedding_scale`, 12),
      entry.float32(`${a}.residual_scale`, 0.22),
      entry.float32(`${a}.logit_scale`, 8),
      entry.float32(`${a}.attention.scale`, 1 / 64),
    )
  }
  return [...entries, ...tokenizerEntries(vocabSize)]
}

/** A SentencePiece vocabulary: `<unk>`, `<s>`, `</s>`, the bytes, then letters and made-up words. */
function tokenizerEntries(vocabSize: number): GgufEntry[] {
  const tokens = ['<unk>', '<s>', '</s>']
  const types = [2, 3, 3]
  for (let byte = 0; byte < 256; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    types.push(6)
  }
  const letters = '\u2581abcdefghijklmnopqrstuvwxyz'
  for (let index = tokens.length; index < vocabSize; index++) {
    tokens.push(letters[index - 259] ?? `\u2581w${index}`)
    types.push(1)
  }
  return [
    entry.string('tokenizer.ggml.model', 'llama'),
    entry.strings('tokenizer.ggml.tokens', tokens),
    entry.float32s(
      'tokenizer.ggml.scores',
      tokens.map((_, index) => (index < 259 ? 0 : -index)),
    ),
    entry.int32s('tokenizer.ggml.token_type', types),
    entry.uint32('tokenizer.ggml.bos_token_id', 1),
    entry.uint32('tokenizer.ggml.eos_token_id', 2),
    entry.uint32('tokenizer.ggml.unknown_token_id', 0),
  ]
}

export function syntheticTensors(options: SyntheticOptions): SyntheticTensor[] {
  const { architecture, embeddingLength: width, vocabSize, blockCount } = options
  const matrix = TENSOR_TYPE[options.type]
  const tensors: SyntheticTensor[] = [
    { name: 'token_embd.weight', type: matrix, dims: [width, vocabSize], filling: 1 },
    { name: 'output_norm.weight', type: TENSOR_TYPE.F32, dims: [width], filling: 'ones' },
  ]
  if (!(options.tiedOutput || architecture === 'gemma3')) {
    tensors.push({ name: 'output.weight', type: matrix, dims: [width, vocabSize], filling: 3 / Math.sqrt(width) })
  }
  if (options.ropeFreqs) {
    const dims = [width / options.headCount / 2]
    tensors.push({ name: 'rope_freqs.weight', type: TENSOR_TYPE.F32, dims, filling: 'freqs' })
  }
  for (let block = 0; block < blockCount; block++) {
    for (const tensor of blockTensors(options)) tensors.push({ ...tensor, name: `blk.${block}.${tensor.name}` })
  }
  return tensors
}

function blockTensors(options: SyntheticOptions): SyntheticTensor[] {
  const { architecture, embeddingLength: width, headCount, headCountKv, feedForwardLength } = options
  const headLength = width / headCount
  const kvWidth = headLength * headCountKv
  const matrix = (name: string, ...dims: number[]): SyntheticTensor => {
    return { name, type: TENSOR_TYPE[options.type], dims, filling: 1 / Math.sqrt(dims[0] ?? 1) }
  }
  const norm = (name: string, length = width): SyntheticTensor => {
    return { name, type: TENSOR_TYPE.F32, dims: [length], filling: 'norm' }
  }
  const bias = (name: string, ...dims: number[]): SyntheticTensor => {
    return { name, type: TENSOR_TYPE.F32, dims, filling: 0.1 }
  }
  const tensors = [
    norm('attn_norm.weight'),
    matrix('attn_q.weight', width, width),
    matrix('attn_k.weight', width, kvWidth),
    matrix('attn_v.weight', width, kvWidth),
    matrix('attn_output.weight', width, width),
  ]
  if (architecture === 'qwen2' || architecture === 'gpt-oss') {
    tensors.push(bias('attn_q.bias', width), bias('attn_k.bias', kvWidth), bias('attn_v.bias', kvWidth))
  }
  if (architecture === 'gpt-oss') {
    tensors.push(bias('attn_output.bias', width), bias('attn_sinks.weight', headCount))
  }
  if (architecture === 'qwen3' || architecture === 'qwen3moe' || architecture === 'gemma3') {
    tensors.push(norm('attn_q_norm.weight', headLength), norm('attn_k_norm.weight', headLength))
  }
  if (architecture === 'gemma3' || architecture === 'gpt-oss') tensors.push(norm('post_attention_norm.weight'))
  if (architecture === 'gemma3') tensors.push(norm('post_ffw_norm.weight'))
  if (architecture !== 'gpt-oss') tensors.push(norm('ffn_norm.weight'))
  if (!hasExperts(options)) {
    tensors.push(
      matrix('ffn_gate.weight', width, feedForwardLength),
      matrix('ffn_down.weight', feedForwardLength, width),
      matrix('ffn_up.weight', width, feedForwardLength),
    )
    return tensors
  }
  const experts = options.expertCount
  const length = expertLength(options)
  const gate = { name: 'ffn_gate_inp.weight', type: TENSOR_TYPE.F32, dims: [width, experts] }
  tensors.push(
    { ...gate, filling: 1 / Math.sqrt(width) },
    matrix('ffn_gate_exps.weight', width, length, experts),
    matrix('ffn_down_exps.weight', length, width, experts),
    matrix('ffn_up_exps.weight', width, length, experts),
  )
  if (architecture === 'gpt-oss') {
    tensors.push(
      bias('ffn_gate_inp.bias', experts),
      bias('ffn_gate_exps.bias', length, experts),
      bias('ffn_down_exps.bias', width, experts),
      bias('ffn_up_exps.bias', length, experts),
    )
  }
  return tensors
}

function hasExperts({ architecture, isMixture }: SyntheticOptions): boolean {
  return isMixture || architecture === 'qwen3moe' || architecture === 'gpt-oss'
}

/** Experts are smaller than a dense layer, in whole Q8_0 blocks. */
function expertLength(options: SyntheticOptions): number {
  return Math.max(32, Math.floor(options.feedForwardLength / 5 / 32) * 32)
}
