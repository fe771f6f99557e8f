import { EspalierError } from '../../src-shared/errors'

/** Thrown when the bytes at hand end while the file goes on: the reader fetches more. */
export class EndOfBytes extends Error {}

/**
 * Walks over the little-endian bytes of a header. Every claim is first held against the size of the whole file
 * (GGUF_TRUNCATED), then against the bytes at hand (EndOfBytes), and only then against what is asked of it.
 */
export class ByteCursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #fileSizeBytes: number
  #position = 0

  constructor(bytes: Uint8Array, fileSizeBytes: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#fileSizeBytes = fileSizeBytes
  }

  get position(): number {
    return this.#position
  }

  /** Bytes from `start` up to here; shares memory. */
  slice(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#position)
  }

  skip(length: number): void {
    const end = this.#position + length
    if (end > this.#fileSizeBytes) {
      throw new EspalierError('GGUF_TRUNCATED', `the header asks for byte ${end}, the file has ${this.#fileSizeBytes}`)
    }
    if (end > this.#bytes.byteLength) throw new EndOfBytes()
    this.#position = end
  }

  uint32(): number {
    this.skip(4)
    return this.#view.getUint32(this.#position - 4, true)
  }

  /** Numbers from 2^53 on stand for nothing real and would lose digits: GGUF_INVALID. */
  uint64(): number {
    this.skip(8)
    const low = this.#view.getUint32(this.#position - 8, true)
    const high = this.#view.getUint32(this.#position - 4, true)
    if (high >= 2 ** 21) throw new EspalierError('GGUF_INVALID', 'a number of the header is absurdly large')
    return high * 2 ** 32 + low
  }

  text(length: number): string {
    this.skip(length)
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#position - length, length).toString('utf8')
  }

  string(maxBytes: number, what: string): string {
    return this.text(this.#stringLength(maxBytes, what))
  }

  skipString(maxBytes: number, what: string): void {
    this.skip(this.#stringLength(maxBytes, what))
  }

  #stringLength(maxBytes: number, what: string): number {
    const length = this.uint64()
    if (length > maxBytes) throw new EspalierError('GGUF_INVALID', `${what} is ${length} bytes long`)
    return length
  }
}
