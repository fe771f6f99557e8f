import * as z from 'zod'
import { ERROR_CATALOGUE, ERROR_CODES } from '../../src-shared/error-catalogue'
import { EspalierError, reportOf } from '../../src-shared/errors'
import { ACCELERATORS } from './library'
import { SamplingSchema } from './sampling'

/** Rows of one batch, over all its items. A ceiling for messages; the loaded context has its own. */
export const MAX_ROWS = 65_536
const MAX_ITEMS = 256
const MAX_SEQUENCES = 256
const MAX_TEXT = 4_194_304
const MAX_GRAMMAR = 65_536

const whole = z.int().min(0)
const path = z.string().min(1).max(4096)
const floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array')
const tokens = z.custom<Int32Array>(
  (value) => value instanceof Int32Array && value.length <= MAX_ROWS,
  `expected an Int32Array of at most ${MAX_ROWS} tokens`,
)
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array')
const nothing = z.strictObject({})

const DeviceSchema = z.object({
  name: z.string(),
  description: z.string(),
  kind: z.enum(['cpu', 'gpu', 'integrated-gpu', 'accelerator', 'other']),
  freeBytes: z.number(),
  totalBytes: z.number(),
})
export type Device = z.infer<typeof DeviceSchema>

const StartReportSchema = z.object({
  release: z.string(),
  libraryDirectory: z.string(),
  devices: z.array(DeviceSchema),
  /** Changes with the drivers of the graphics cards; absent where there is none, or it can't be told (driver-mark.ts). */
  driver: z.string().optional(),
})
export type StartReport = z.infer<typeof StartReportSchema>

export const LoadSpecSchema = z
  .strictObject({
    /** The slice's GGUF, or the whole model's. */
    slicePath: path,
    /** A file with the tokenizer and `token_embd.weight`; lets this engine take tokens. */
    entryPath: z.nullable(path),
    /** The file has its own embedding, so tokens go straight to llama.cpp. Implies `isLast`. */
    wholeModel: z.boolean(),
    /** The stage ends the model: its output is logits instead of hidden rows. */
    isLast: z.boolean(),
    /** KV cache cells of all sequences that may be leased; each has its even share. */
    contextTokens: z.int().min(1).max(16_777_216),
    maxBatchTokens: z.int().min(1).max(MAX_ROWS),
    maxSequences: z.int().min(1).max(MAX_SEQUENCES),
    threads: z.int().min(1).max(512),
    /** Blocks computed on the GPU; 0 keeps all on the processor. */
    gpuLayers: z.int().min(0).max(10_000),
    /** Names of the only devices to use, as `start` gave them; absent: all; empty: the processor alone. */
    gpuNames: z.optional(z.array(z.string().min(1).max(200)).max(16)),
  })
  .refine((spec) => spec.isLast || !spec.wholeModel, 'a whole model is its own last stage')
export type LoadSpec = z.infer<typeof LoadSpecSchema>

const TokenizerReportSchema = z.object({
  vocabSize: whole,
  /** -1 where the model has none. */
  bosToken: z.int(),
  eosToken: z.int(),
  addsBos: z.boolean(),
  /** All tokens that end an answer. */
  endTokens: tokens,
  /** The model's own Jinja template of a chat; null where the file has none. */
  chatTemplate: z.nullable(z.string().max(MAX_TEXT)),
})
export type TokenizerReport = z.infer<typeof TokenizerReportSchema>

const EntryReportSchema = TokenizerReportSchema.extend({ architecture: z.string(), embeddingLength: whole })
export type EntryReport = z.infer<typeof EntryReportSchema>

const LoadReportSchema = z.object({
  blockCount: whole,
  embeddingLength: whole,
  vocabSize: whole,
  contextTokens: whole,
  maxBatchTokens: whole,
  modelBytes: z.number(),
  residentBytesBefore: z.number(),
  residentBytesAfter: z.number(),
  loadMs: z.number(),
  devices: z.array(z.string()),
  /** Free memory of each graphics card around the load, as its driver says; empty where none is used. */
  cards: z.array(z.object({ name: z.string(), freeBeforeBytes: z.number(), freeAfterBytes: z.number() })),
  entry: z.nullable(EntryReportSchema),
})
export type LoadReport = z.infer<typeof LoadReportSchema>

const itemFields = {
  sequence: whole,
  /** Position of the first row within its sequence: exactly the number of rows that the sequence has so far. */
  position: whole,
  /**
   * What a last stage gives: nothing, the last row's logits, every row's, the last row's highest token, or the one
   * that the sequence's sampler chooses.
   */
  wantLogits: z.enum(['none', 'last', 'all', 'greedy', 'sampled']),
}
const RunItemSchema = z.union([
  z.strictObject({ ...itemFields, hidden: floats }),
  z.strictObject({ ...itemFields, tokens }),
])
/** Rows of one sequence: token ids, or hidden states as rows × embeddingLength. */
export type RunItem = z.infer<typeof RunItemSchema>

const RunBatchSchema = z.strictObject({ items: z.array(RunItemSchema).min(1).max(MAX_ITEMS) })
/** One call of llama.cpp: 1..n items, computed together. The same sequence may not occur twice. */
export type RunBatch = z.infer<typeof RunBatchSchema>

const RunItemResultSchema = z.object({
  /** The residual stream after the stage's last block, rows × embeddingLength; null for a last stage. */
  hidden: z.nullable(floats),
  /** Logits of the last row, or of all rows; null when not wanted. */
  logits: z.nullable(floats),
  /** The lowest of the tokens with the highest logit for `greedy`, the sampler's for `sampled`. */
  token: z.nullable(z.int()),
})
export type RunItemResult = z.infer<typeof RunItemResultSchema>

const RunResultSchema = z.object({ items: z.array(RunItemResultSchema), computeMs: z.number() })
/** Results in the order of the items; `computeMs` is measured around llama.cpp, in the engine. */
export type RunResult = z.infer<typeof RunResultSchema>

const CaptureSchema = z.object({
  embeddingLength: whole,
  /** The embedding output, then the residual stream after every block: blockCount + 1 arrays of tokens × embeddingLength. */
  boundaries: z.array(floats),
  /** Logits of the last position. */
  logits: floats,
})
export type Capture = z.infer<typeof CaptureSchema>

const StatsSchema = z.object({
  residentBytes: z.number(),
  cpuUserMs: z.number(),
  cpuSystemMs: z.number(),
  /** Memory of the cards that the loaded blocks lie on, together, for all programs; null where it is none. */
  cards: z.nullable(z.object({ usedBytes: z.number(), totalBytes: z.number() })),
})
export type EngineStats = z.infer<typeof StatsSchema>

/** Every request of the parent and its answer, once. The child checks inputs, the parent outputs. */
export const ENGINE_OPS = {
  start: {
    input: z.strictObject({ accelerator: z.enum(ACCELERATORS), directory: z.nullable(path) }),
    output: StartReportSchema,
  },
  load: { input: LoadSpecSchema, output: LoadReportSchema },
  unload: { input: nothing, output: nothing },
  loadTokenizer: { input: z.strictObject({ path }), output: TokenizerReportSchema },
  loadEntry: { input: z.strictObject({ path }), output: EntryReportSchema },
  run: { input: RunBatchSchema, output: RunResultSchema },
  /** Forgets a sequence's rows from `position` on; 0 forgets all of it. */
  trim: { input: z.strictObject({ sequence: whole, position: whole }), output: nothing },
  /** How the tokens of a sequence are chosen, until all of it is forgotten. Last stages only. */
  sampler: { input: z.strictObject({ sequence: whole, sampling: SamplingSchema }), output: nothing },
  embed: { input: z.strictObject({ tokens }), output: z.object({ hidden: floats }) },
  tokenize: {
    input: z.strictObject({ text: z.string().max(MAX_TEXT), addSpecial: z.boolean(), parseSpecial: z.boolean() }),
    output: z.object({ tokens }),
  },
  pieces: { input: z.strictObject({ tokens, special: z.boolean() }), output: z.object({ pieces: z.array(bytes) }) },
  /** A text that has to fit a grammar (GBNF), by the loaded vocabulary. */
  openGrammar: {
    input: z.strictObject({ grammar: z.string().max(MAX_GRAMMAR) }),
    output: z.object({ grammar: whole }),
  },
  /** Logits with what may not come next at minus infinity; `accepted` is the token that was chosen before. */
  maskLogits: {
    input: z.strictObject({ grammar: whole, accepted: z.nullable(whole), logits: floats }),
    output: z.object({ logits: floats }),
  },
  closeGrammar: { input: z.strictObject({ grammar: whole }), output: nothing },
  capture: {
    input: z.strictObject({ modelPath: path, tokens, threads: z.int().min(1).max(512) }),
    output: CaptureSchema,
  },
  stats: { input: nothing, output: StatsSchema },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>

export type EngineOp = keyof typeof ENGINE_OPS
export type EngineInput<O extends EngineOp> = z.infer<(typeof ENGINE_OPS)[O]['input']>
export type EngineOutput<O extends EngineOp> = z.infer<(typeof ENGINE_OPS)[O]['output']>

export const OP_NAMES = Object.keys(ENGINE_OPS) as [EngineOp, ...EngineOp[]]

export const RequestSchema = z.strictObject({ id: whole, op: z.enum(OP_NAMES), input: z.unknown() })
export type EngineRequest = z.infer<typeof RequestSchema>

export const ReplySchema = z.union([
  z.strictObject({ id: whole, value: z.unknown() }),
  z.strictObject({ id: whole, error: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string() }) }),
  z.strictObject({ id: whole, progress: z.number().min(0).max(1) }),
])
export type EngineReply = z.infer<typeof ReplySchema>

/** What of an error crosses to the parent: code and particulars, no stack. */
export function errorToWire(error: unknown): { code: EspalierError['code']; detail: string } {
  const { code, cause } = reportOf(error)
  const title = `${ERROR_CATALOGUE[code].cause}: `
  return { code, detail: cause.startsWith(title) ? cause.slice(title.length) : '' }
}

export function errorFromWire(error: { code: EspalierError['code']; detail: string }): EspalierError {
  return new EspalierError(error.code, error.detail)
}
