import { EspalierError } from '../../src-shared/errors'
import { joinBytes } from './bytes'

// Just what hivemind's messages need. Written by hand because their readers require fields that common
// code generators leave out when they are empty: here the caller decides for each field.

export class ProtoWriter {
  private readonly parts: Uint8Array[] = []

  /** Always written, also when empty. */
  bytes(field: number, value: Uint8Array): this {
    this.parts.push(encodeVarint((field << 3) | 2), encodeVarint(value.length), value)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'))
  }

  varint(field: number, value: number): this {
    this.parts.push(encodeVarint(field << 3), encodeVarint(value))
    return this
  }

  bool(field: number, value: boolean): this {
    return this.varint(field, value ? 1 : 0)
  }

  double(field: number, value: number): this {
    this.parts.push(encodeVarint((field << 3) | 1), doublesOf([value]))
    return this
  }

  /** A packed list; an empty one is not written, as proto3 has it. */
  packedDoubles(field: number, values: readonly number[]): this {
    return values.length === 0 ? this : this.bytes(field, doublesOf(values))
  }

  packedBools(field: number, values: readonly boolean[]): this {
    return values.length === 0 ? this : this.bytes(field, Uint8Array.from(values, Number))
  }

  finish(): Uint8Array {
    return joinBytes(this.parts)
  }
}

function doublesOf(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length)
  values.forEach((value, index) => {
    bytes.writeDoubleLE(value, 8 * index)
  })
  return bytes
}

/** Nearly every number in our messages is one byte, and an answer has thousands of them. */
const ONE_BYTE = Array.from({ length: 0x80 }, (_, value) => Uint8Array.of(value))

/** Unsigned LEB128 of a safe integer ≥ 0. Not to be written to: short ones are shared. */
export function encodeVarint(value: number): Uint8Array {
  const short = ONE_BYTE[value]
  if (short) return short
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

/** One field of a message. Reading it as another type than the one it has is a violation. */
export class ProtoField {
  constructor(
    readonly number: number,
    private readonly value: number | Uint8Array,
    /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
    private readonly wireType: number,
  ) {}

  bytes(maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
    if (this.wireType !== 2 || !(this.value instanceof Uint8Array)) throw this.mismatch()
    if (this.value.length > maxBytes) throw protoViolation(`field ${this.number} is too long`)
    return this.value
  }

  text(maxBytes: number): string {
    const bytes = this.bytes(maxBytes)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }

  varint(): number {
    if (typeof this.value !== 'number') throw this.mismatch()
    return this.value
  }

  double(): number {
    if (this.wireType !== 1 || !(this.value instanceof Uint8Array)) throw this.mismatch()
    return readDoubles(this.value)[0] ?? 0
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
  for (let index = 0; index < 10; index++) {
    const byte = cursor.bytes[cursor.at++]
    if (byte === undefined) throw protoViolation('ends too early')
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  throw protoViolation('a number without an end')
}

function take(cursor: Cursor, count: number): Uint8Array {
  if (count > cursor.bytes.length - cursor.at) throw protoViolation('ends too early')
  cursor.at += count
  return cursor.bytes.subarray(cursor.at - count, cursor.at)
}

/** The fields in the order of the bytes; values point into `bytes`. @throws PROTOCOL_VIOLATION */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  const cursor: Cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) {
    const key = readVarint(cursor)
    const wireType = key % 8
    const number = Math.floor(key / 8)
    if (number < 1 || number > 0x1fff_ffff) throw protoViolation('a field number out of range')
    if (wireType === 0) yield new ProtoField(number, readVarint(cursor), wireType)
    else if (wireType === 1) yield new ProtoField(number, take(cursor, 8), wireType)
    else if (wireType === 2) yield new ProtoField(number, take(cursor, readVarint(cursor)), wireType)
    else if (wireType === 5) yield new ProtoField(number, take(cursor, 4), wireType)
    else throw protoViolation(`wire type ${wireType}`)
  }
}
