import { EspalierError } from '../../src-shared/errors'
import { GrowingBytes } from './bytes'

// Just what hivemind's messages need. Written by hand because their readers require fields that common
// code generators leave out when they are empty: here the caller decides for each field.

const MAX_VARINT_BYTES = 10

/** Writes a message and those inside it, one field after the other. */
export class ProtoWriter {
  private readonly out = new GrowingBytes()

  /** Always written, also when empty. */
  bytes(field: number, value: Uint8Array): this {
    this.number((field << 3) | 2)
    this.number(value.length)
    this.out.append(value)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'))
  }

  varint(field: number, value: number): this {
    this.number(field << 3)
    this.number(value)
    return this
  }

  bool(field: number, value: boolean): this {
    return this.varint(field, value ? 1 : 0)
  }

  double(field: number, value: number): this {
    this.number((field << 3) | 1)
    this.out.doubleLE(value)
    return this
  }

  /** A packed list; an empty one is not written, as proto3 has it. */
  packedDoubles(field: number, values: readonly number[]): this {
    if (values.length === 0) return this
    this.number((field << 3) | 2)
    this.number(8 * values.length)
    for (const value of values) this.out.doubleLE(value)
    return this
  }

  packedBools(field: number, values: readonly boolean[]): this {
    return values.length === 0 ? this : this.bytes(field, Uint8Array.from(values, Number))
  }

  /** A message inside this one, always written: `write` writes its fields to the same writer. */
  message(field: number, write: (inner: this) => void): this {
    this.number((field << 3) | 2)
    const from = this.out.length
    write(this)
    this.out.insert(from, encodeVarint(this.out.length - from))
    return this
  }

  finish(): Uint8Array {
    return this.out.finish()
  }

  private number(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.out.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.out.byte(rest)
  }
}

/** Unsigned LEB128 of a safe integer ≥ 0. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

export function protoViolation(detail: string): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', `protobuf: ${detail}`)
}

/** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
type WireType = 0 | 1 | 2 | 5

/** One field of a message. Reading it as another type than the one it has is a violation. */
export class ProtoField {
  /**
   * @param from where its bytes begin in those of the message; of a varint its value
   * @param to where they end
   */
  constructor(
    readonly number: number,
    private readonly wireType: WireType,
    private readonly message: Uint8Array,
    private readonly from: number,
    private readonly to: number,
  ) {}

  bytes(maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
    if (this.wireType !== 2) throw this.mismatch()
    if (this.to - this.from > maxBytes) throw protoViolation(`field ${this.number} is too long`)
    return this.message.subarray(this.from, this.to)
  }

  text(maxBytes: number): string {
    const bytes = this.bytes(maxBytes)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }

  varint(): number {
    if (this.wireType !== 0) throw this.mismatch()
    return this.from
  }

  double(): number {
    if (this.wireType !== 1) throw this.mismatch()
    return readDoubles(this.message.subarray(this.from, this.to))[0] ?? 0
  }

  /** A packed list, or one element of a list that was not packed: readers must accept both. */
  doubles(): number[] {
    if (this.wireType === 1) return [this.double()]
    const bytes = this.bytes()
    if (bytes.length % 8 !== 0) throw protoViolation(`field ${this.number} is not a list of doubles`)
    return readDoubles(bytes)
  }

  bools(): boolean[] {
    if (this.wireType === 0) return [this.varint() !== 0]
    const values: boolean[] = []
    const cursor = { bytes: this.bytes(), at: 0 }
    while (cursor.at < cursor.bytes.length) values.push(readVarint(cursor) !== 0)
    return values
  }

  private mismatch(): EspalierError {
    return protoViolation(`field ${this.number} has another type`)
  }
}

function readDoubles(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 8 }, (_, index) => view.getFloat64(8 * index, true))
}

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** Up to 10 bytes; what exceeds 2^53 loses its lowest bits, which no length or enum of ours needs. */
function readVarint(cursor: Cursor): number {
  let value = 0
  let factor = 1
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = cursor.bytes[cursor.at++]
    if (byte === undefined) throw protoViolation('ends too early')
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
    factor *= 0x80
  }
  throw protoViolation('a number without an end')
}

/** The fields in the order of the bytes; values point into `bytes`. @throws PROTOCOL_VIOLATION, while they are read */
export function protoFields(bytes: Uint8Array): Iterable<ProtoField> {
  return new Fields(bytes)
}

/** No generator, and nothing is cut out of the message before somebody asks for it: both cost more than the reading. */
class Fields implements IterableIterator<ProtoField>, Cursor {
  at = 0

  constructor(readonly bytes: Uint8Array) {}

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<ProtoField, undefined> {
    if (this.at >= this.bytes.length) return { done: true, value: undefined }
    const key = readVarint(this)
    const wireType = key % 8
    const number = Math.floor(key / 8)
    if (number < 1 || number > 0x1fff_ffff) throw protoViolation('a field number out of range')
    if (wireType === 0) return { done: false, value: new ProtoField(number, wireType, this.bytes, readVarint(this), 0) }
    if (wireType !== 1 && wireType !== 2 && wireType !== 5) throw protoViolation(`wire type ${wireType}`)
    const length = wireType === 2 ? readVarint(this) : wireType === 1 ? 8 : 4
    const from = this.at
    if (length > this.bytes.length - from) throw protoViolation('ends too early')
    this.at = from + length
    return { done: false, value: new ProtoField(number, wireType, this.bytes, from, this.at) }
  }
}
