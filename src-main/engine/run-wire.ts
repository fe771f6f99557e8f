import type { RunBatch, RunResult } from './protocol'

/**
 * The batch of one sequence, and its result, as bytes. One goes there and back for every token and stage, and as
 * objects they would cost several times as much. Batches of several items, and every error, go as objects.
 * Machine byte order, 32-bit words: both ends are on one machine.
 */
const REQUEST_WORDS = 5
const RESULT_WORDS = 4
const WORD_BYTES = 4
const WANTED = ['none', 'last', 'greedy', 'sampled'] as const
const ROWS_HIDDEN = 0
const ROWS_TOKENS = 1
const RESULT_NOTHING = 0
const RESULT_HIDDEN = 1
const RESULT_LOGITS = 2
const NO_TOKEN = -1
const MAX_WORD = 0x7fff_ffff

/** Null for a batch that has to go as an object. */
export function encodeRun(id: number, { items }: RunBatch): Uint8Array | null {
  const [item] = items
  if (!item || items.length !== 1 || item.wantLogits === 'all') return null
  const isTokens = 'tokens' in item
  const rows = isTokens ? item.tokens : item.hidden
  // What the words can't hold is for the general form, whose check says what is wrong with it.
  if (!isWord(id) || !isWord(item.sequence) || !isWord(item.position)) return null
  if (!(isTokens ? rows instanceof Int32Array : rows instanceof Float32Array)) return null
  const words = new Int32Array(REQUEST_WORDS + rows.length)
  words[0] = id
  words[1] = item.sequence
  words[2] = item.position
  words[3] = WANTED.indexOf(item.wantLogits)
  words[4] = isTokens ? ROWS_TOKENS : ROWS_HIDDEN
  words.set(asInts(rows), REQUEST_WORDS)
  return bytesOf(words)
}

/** Null for bytes that are no batch. The rows may be a view of `bytes`. */
export function decodeRun(bytes: Uint8Array): { id: number; batch: RunBatch } | null {
  const words = wordsOf(bytes)
  if (words === null || words.length < REQUEST_WORDS) return null
  const [id = -1, sequence = -1, position = -1, wanted = -1, rows = -1] = words
  const wantLogits = WANTED[wanted]
  if (id < 0 || sequence < 0 || position < 0 || wantLogits === undefined || rows < 0 || rows > ROWS_TOKENS) return null
  const data = words.subarray(REQUEST_WORDS)
  const item =
    rows === ROWS_TOKENS
      ? { sequence, position, wantLogits, tokens: data }
      : { sequence, position, wantLogits, hidden: asFloats(data) }
  return { id, batch: { items: [item] } }
}

/** Null for a result that has to go as an object. */
export function encodeRunResult(id: number, { items, computeMs }: RunResult): Uint8Array | null {
  const [item] = items
  if (!item || items.length !== 1) return null
  const values = item.hidden ?? item.logits
  const words = new Int32Array(RESULT_WORDS + (values?.length ?? 0))
  words[0] = id
  words[1] = item.hidden ? RESULT_HIDDEN : item.logits ? RESULT_LOGITS : RESULT_NOTHING
  words[2] = item.token ?? NO_TOKEN
  asFloats(words)[3] = computeMs
  if (values) words.set(asInts(values), RESULT_WORDS)
  return bytesOf(words)
}

/** Null for bytes that are no result. Its arrays may be views of `bytes`. */
export function decodeRunResult(bytes: Uint8Array): { id: number; value: RunResult } | null {
  const words = wordsOf(bytes)
  if (words === null || words.length < RESULT_WORDS) return null
  const [id = -1, kind = -1, token = -1] = words
  if (id < 0 || kind < RESULT_NOTHING || kind > RESULT_LOGITS || token < NO_TOKEN) return null
  const floats = asFloats(words)
  const values = floats.subarray(RESULT_WORDS)
  const item = {
    hidden: kind === RESULT_HIDDEN ? values : null,
    logits: kind === RESULT_LOGITS ? values : null,
    token: token === NO_TOKEN ? null : token,
  }
  return { id, value: { items: [item], computeMs: floats[3] ?? 0 } }
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_WORD
}

/** Typed arrays need an aligned start, which bytes out of a carrier's buffer may not have. */
function wordsOf(bytes: Uint8Array): Int32Array | null {
  if (bytes.byteLength % WORD_BYTES !== 0) return null
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % WORD_BYTES === 0 ? bytes : Uint8Array.from(bytes)
  return new Int32Array(buffer, byteOffset, byteLength / WORD_BYTES)
}

function asInts({ buffer, byteOffset, length }: Int32Array | Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length)
}

function asFloats({ buffer, byteOffset, length }: Int32Array): Float32Array {
  return new Float32Array(buffer, byteOffset, length)
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
