import { EspalierError } from '../../src-shared/errors'
import { GrowingBytes } from './bytes'

/**
 * MessagePack as hivemind's serializer writes it. Own code, because readers in Python tell `10` from `10.0`
 * and drop a record whose float arrived as an integer; JavaScript numbers cannot carry that difference, so
 * floats are wrapped here, both when writing and after reading.
 */
export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Float
  | Tuple
  | DictionaryValue
  | readonly MsgpackValue[]
  | MsgpackMap
export type MsgpackMap = ReadonlyMap<string, MsgpackValue>

/** A number that travels as float64, also when it is whole. */
export class Float {
  constructor(readonly value: number) {}
}

/** A Python tuple (extension 0x40): not the same as a list to strict readers. */
export class Tuple {
  constructor(readonly items: readonly MsgpackValue[]) {}
}

/** A dictionary of the DHT (extension 0x50): entries with an expiration (unix seconds) each. */
export class DictionaryValue {
  constructor(
    /** `Infinity` from Python; null from writers that leave it out. */
    readonly maxSize: number | null,
    readonly latestExpirationS: number,
    readonly entries: readonly DictionaryItem[],
  ) {}
}

export interface DictionaryItem {
  readonly subkey: MsgpackValue
  /** MessagePack inside MessagePack: decode it once more to see the value. */
  readonly value: Uint8Array
  readonly expirationS: number
}

export const EXT_TUPLE = 0x40
export const EXT_DICTIONARY = 0x50

const MAX_DEPTH = 32

export function float(value: number): Float {
  return new Float(value)
}

/** A map with the given keys in the given order. */
export function msgpackMap(fields: Readonly<Record<string, MsgpackValue>>): MsgpackMap {
  return new Map(Object.entries(fields))
}

/**
 * @throws BAD_ARGUMENT for what has no exact form on the wire: NaN, undefined, broken surrogates, integers
 * beyond 64 bits, nesting deeper than 32.
 */
export function encodeMsgpack(value: MsgpackValue): Uint8Array {
  const out = new GrowingBytes()
  write(value, out, 0)
  return out.finish()
}

function write(value: MsgpackValue, out: GrowingBytes, depth: number): void {
  if (depth > MAX_DEPTH) throw new EspalierError('BAD_ARGUMENT', 'the value is nested too deeply')
  if (value === null) out.byte(0xc0)
  else if (typeof value === 'boolean') out.byte(value ? 0xc3 : 0xc2)
  else if (typeof value === 'bigint') writeInteger(value, out)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writeInteger(BigInt(value), out)
    else writeFloat(value, out)
  } else if (typeof value === 'string') writeString(value, out)
  else if (value instanceof Float) writeFloat(value.value, out)
  else if (value instanceof Uint8Array) {
    out.append(header(value.length, [0xc4, 0xc5, 0xc6]))
    out.append(value)
  } else if (value instanceof Tuple) writeExtension(EXT_TUPLE, value.items, out, depth)
  else if (value instanceof DictionaryValue) writeExtension(EXT_DICTIONARY, dictionaryItems(value), out, depth)
  else if (value instanceof Map) {
    out.append(header(value.size, [null, 0xde, 0xdf], 0x80, 15))
    for (const [key, item] of value) {
      if (typeof key !== 'string') throw new EspalierError('BAD_ARGUMENT', 'a map key must be text')
      writeString(key, out)
      write(item, out, depth + 1)
    }
  } else if (Array.isArray(value)) {
    out.append(header(value.length, [null, 0xdc, 0xdd], 0x90, 15))
    for (const item of value) write(item, out, depth + 1)
  } else throw new EspalierError('BAD_ARGUMENT', `${typeof value} cannot be written as MessagePack`)
}

function dictionaryItems(value: DictionaryValue): MsgpackValue[] {
  const entries = value.entries.map((item) => [item.subkey, item.value, float(item.expirationS)])
  return [value.maxSize === null ? null : float(value.maxSize), float(value.latestExpirationS), entries]
}

function writeExtension(type: number, items: readonly MsgpackValue[], out: GrowingBytes, depth: number): void {
  const from = out.length
  out.byte(type)
  write(items, out, depth + 1)
  const length = out.length - from - 1
  const fixed = [1, 2, 4, 8, 16].indexOf(length)
  out.insert(from, fixed >= 0 ? Uint8Array.of(0xd4 + fixed) : header(length, [0xc7, 0xc8, 0xc9]))
}

function writeString(text: string, out: GrowingBytes): void {
  // A lone surrogate would silently become another character, and so another key.
  if (!text.isWellFormed()) throw new EspalierError('BAD_ARGUMENT', 'the text is not valid Unicode')
  const bytes = Buffer.from(text, 'utf8')
  out.append(header(bytes.length, [0xd9, 0xda, 0xdb], 0xa0, 31))
  out.append(bytes)
}

function writeFloat(value: number, out: GrowingBytes): void {
  if (Number.isNaN(value)) throw new EspalierError('BAD_ARGUMENT', 'NaN is not a value')
  out.byte(0xcb)
  out.doubleBE(value)
}

function writeInteger(value: bigint, out: GrowingBytes): void {
  if (value >= 0n) {
    if (value < 0x80n) out.byte(Number(value))
    else if (value < 0x100n) out.append(sized(0xcc, value, 1))
    else if (value < 0x1_0000n) out.append(sized(0xcd, value, 2))
    else if (value < 0x1_0000_0000n) out.append(sized(0xce, value, 4))
    else if (value < 1n << 64n) out.append(sized(0xcf, value, 8))
    else throw new EspalierError('BAD_ARGUMENT', 'an integer beyond 64 bits')
  } else if (value >= -0x20n) out.byte(Number(value) & 0xff)
  else if (value >= -0x80n) out.append(sized(0xd0, value, 1))
  else if (value >= -0x8000n) out.append(sized(0xd1, value, 2))
  else if (value >= -0x8000_0000n) out.append(sized(0xd2, value, 4))
  else if (value >= -(1n << 63n)) out.append(sized(0xd3, value, 8))
  else throw new EspalierError('BAD_ARGUMENT', 'an integer beyond 64 bits')
}

function sized(head: number, value: bigint, sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(9)
  bytes[0] = head
  bytes.writeBigUInt64BE(BigInt.asUintN(8 * sizeBytes, value) << BigInt(64 - 8 * sizeBytes), 1)
  return bytes.subarray(0, 1 + sizeBytes)
}

/** The shortest header for `length`: in the head byte itself up to `fixedMax`, else 8, 16 or 32 bits. */
function header(length: number, heads: [number | null, number, number], fixed = 0, fixedMax = -1): Uint8Array {
  if (length <= fixedMax) return Uint8Array.of(fixed | length)
  if (heads[0] !== null && length < 0x100) return Uint8Array.of(heads[0], length)
  return length < 0x1_0000 ? sized(heads[1], BigInt(length), 2) : sized(heads[2], BigInt(length), 4)
}
