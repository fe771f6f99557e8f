/** Room to begin with: most messages of ours are shorter. */
const FIRST_BYTES = 256

/** Memory that grows while a message is written: an answer to eighty keys has thousands of small parts. */
export class GrowingBytes {
  private out = Buffer.allocUnsafe(FIRST_BYTES)
  private at = 0

  get length(): number {
    return this.at
  }

  byte(value: number): void {
    this.reserve(1)
    this.out[this.at++] = value
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.out.set(bytes, this.at)
    this.at += bytes.length
  }

  doubleLE(value: number): void {
    this.reserve(8)
    this.at = this.out.writeDoubleLE(value, this.at)
  }

  doubleBE(value: number): void {
    this.reserve(8)
    this.at = this.out.writeDoubleBE(value, this.at)
  }

  /** For what goes before something and is known only after it: its length. */
  insert(at: number, bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.out.copyWithin(at + bytes.length, at, this.at)
    this.out.set(bytes, at)
    this.at += bytes.length
  }

  /** A copy, as a plain array. */
  finish(): Uint8Array {
    return new Uint8Array(this.out.subarray(0, this.at))
  }

  private reserve(byteCount: number): void {
    const wanted = this.at + byteCount
    if (wanted <= this.out.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.out.length))
    larger.set(this.out.subarray(0, this.at))
    this.out = larger
  }
}

/**
 * The same memory as a plain array. What the network gives us is often a Buffer, and a Buffer's `slice` does not
 * copy: what we think we kept would be overwritten, or keep a whole frame alive.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
