import koffi from 'koffi'
import type { NativeBatch, Pointer } from './abi'
import type { LlamaApi } from './api'

const FLOAT_BYTES = 4
const INT32_BYTES = 4

/**
 * The native arrays of a `llama_batch`, allocated once. Rows are gathered in JavaScript arrays and copied over
 * before each call: views of native memory from JavaScript are forbidden in Electron.
 */
export class BatchMemory {
  readonly #api: LlamaApi
  readonly #native: Record<'tokens' | 'positions' | 'sequences' | 'logits' | 'counts' | 'sequencePointers', Pointer>
  readonly #hidden: Pointer
  readonly #tokens: Int32Array
  readonly #positions: Int32Array
  readonly #sequences: Int32Array
  readonly #logits: Int8Array
  readonly #embeddingLength: number
  #rows = 0
  #hasTokens = false

  constructor(
    api: LlamaApi,
    readonly maxRows: number,
    embeddingLength: number,
  ) {
    this.#api = api
    this.#embeddingLength = embeddingLength
    const sequences: Pointer = koffi.alloc('int32_t', maxRows)
    this.#native = {
      tokens: koffi.alloc('int32_t', maxRows),
      positions: koffi.alloc('int32_t', maxRows),
      sequences,
      logits: koffi.alloc('int8_t', maxRows),
      counts: koffi.alloc('int32_t', maxRows),
      sequencePointers: koffi.alloc('void *', maxRows),
    }
    this.#hidden = koffi.alloc('float', maxRows * embeddingLength)
    this.#tokens = new Int32Array(maxRows)
    this.#positions = new Int32Array(maxRows)
    this.#sequences = new Int32Array(maxRows)
    this.#logits = new Int8Array(maxRows)
    // Every row belongs to exactly one sequence, so the counts and the pointers to the ids never change.
    const pointers = BigUint64Array.from({ length: maxRows }, (_, row) => sequences + BigInt(row * INT32_BYTES))
    api.memcpy(this.#native.counts, new Int32Array(maxRows).fill(1), maxRows * INT32_BYTES)
    api.memcpy(this.#native.sequencePointers, pointers, pointers.byteLength)
  }

  clear(): void {
    this.#rows = 0
  }

  /** Appends token rows. `logits` says of each row (0 is the first of these) whether its output is needed. */
  addTokens(tokens: Int32Array, sequence: number, position: number, logits: (row: number) => boolean): void {
    this.#hasTokens = true
    this.#tokens.set(tokens, this.#rows)
    this.#addRows(tokens.length, sequence, position, logits)
  }

  /** Appends hidden rows (rows × embeddingLength). */
  addHidden(hidden: Float32Array, sequence: number, position: number, logits: (row: number) => boolean): void {
    this.#hasTokens = false
    const target = this.#hidden + BigInt(this.#rows * this.#embeddingLength * FLOAT_BYTES)
    this.#api.memcpy(target, hidden, hidden.byteLength)
    this.#addRows(hidden.length / this.#embeddingLength, sequence, position, logits)
  }

  /** The batch as llama.cpp takes it; valid until the next `clear`. */
  toNative(): NativeBatch {
    const native = this.#native
    const { memcpy } = this.#api
    const intBytes = this.#rows * INT32_BYTES
    if (this.#hasTokens) memcpy(native.tokens, this.#tokens, intBytes)
    memcpy(native.positions, this.#positions, intBytes)
    memcpy(native.sequences, this.#sequences, intBytes)
    memcpy(native.logits, this.#logits, this.#rows)
    return {
      n_tokens: this.#rows,
      token: this.#hasTokens ? native.tokens : null,
      embd: this.#hasTokens ? null : this.#hidden,
      pos: native.positions,
      n_seq_id: native.counts,
      seq_id: native.sequencePointers,
      logits: native.logits,
    }
  }

  free(): void {
    for (const pointer of Object.values(this.#native)) koffi.free(pointer)
    koffi.free(this.#hidden)
  }

  #addRows(count: number, sequence: number, position: number, logits: (row: number) => boolean): void {
    for (let row = 0; row < count; row++) {
      const at = this.#rows + row
      this.#positions[at] = position + row
      this.#sequences[at] = sequence
      this.#logits[at] = logits(row) ? 1 : 0
    }
    this.#rows += count
  }
}
