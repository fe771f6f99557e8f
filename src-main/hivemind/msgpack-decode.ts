import { EspalierError, messageOf } from '../../src-shared/errors'
import {
  type DictionaryItem,
  DictionaryValue,
  EXT_DICTIONARY,
  EXT_TUPLE,
  Float,
  float,
  type MsgpackMap,
  type MsgpackValue,
  Tuple,
} from './msgpack'

export interface DecodeLimits {
  maxBytes?: number
  maxDepth?: number
}

/**
 * Exactly one value, no bytes after it. Floats come as `Float`, integers as number (bigint beyond 2^53), maps as
 * `Map` with text keys, unknown extensions as their bytes. Byte strings point into `bytes`: copy what you keep.
 * @throws PROTOCOL_VIOLATION for anything else.
 */
export function decodeMsgpack(bytes: Uint8Array, limits: DecodeLimits = {}): MsgpackValue {
  if (bytes.length > (limits.maxBytes ?? 4 * 1024 * 1024)) throw violation('too long')
  const reader = new Reader(bytes, limits.maxDepth ?? 32)
  const value = reader.read(0)
  if (!reader.atEnd) throw violation('bytes after the value')
  return value
}

function violation(detail: string): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', `MessagePack: ${detail}`)
}

// Python drops nothing of a text; the decoder's default would drop a leading byte-order mark.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Reader {
  private at = 0
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    private readonly maxDepth: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length
  }

  read(depth: number): MsgpackValue {
    if (depth > this.maxDepth) throw violation('nested too deeply')
    const head = this.uint(1)
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head < 0x90) return this.map(head & 0x0f, depth)
    if (head < 0xa0) return this.array(head & 0x0f, depth)
    if (head < 0xc0) return this.text(head & 0x1f)
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.take(this.uint(1 << (head - 0xc4)))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extension(this.uint(1 << (head - 0xc7)), depth)
      case 0xca:
        return float(this.view.getFloat32(this.skip(4)))
      case 0xcb:
        return float(this.view.getFloat64(this.skip(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (head - 0xcc))
      case 0xcf:
        return narrow(this.view.getBigUint64(this.skip(8)))
      case 0xd0:
        return this.view.getInt8(this.skip(1))
      case 0xd1:
        return this.view.getInt16(this.skip(2))
      case 0xd2:
        return this.view.getInt32(this.skip(4))
      case 0xd3:
        return narrow(this.view.getBigInt64(this.skip(8)))
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (head - 0xd4), depth)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (head - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.array(this.uint(2 << (head - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.map(this.uint(2 << (head - 0xde)), depth)
      default:
        throw violation(`unknown type 0x${head.toString(16)}`)
    }
  }

  private skip(count: number): number {
    const from = this.at
    if (count > this.bytes.length - from) throw violation('ends too early')
    this.at = from + count
    return from
  }

  private take(count: number): Uint8Array {
    const from = this.skip(count)
    return this.bytes.subarray(from, from + count)
  }

  private uint(sizeBytes: number): number {
    const from = this.skip(sizeBytes)
    if (sizeBytes === 1) return this.view.getUint8(from)
    return sizeBytes === 2 ? this.view.getUint16(from) : this.view.getUint32(from)
  }

  private text(length: number): string {
    const bytes = this.take(length)
    try {
      return utf8.decode(bytes)
    } catch (error) {
      throw violation(messageOf(error))
    }
  }

  private array(count: number, depth: number): MsgpackValue[] {
    // Every item has at least one byte: a count beyond the rest is a lie, found before memory is spent on it.
    if (count > this.bytes.length - this.at) throw violation('ends too early')
    const items: MsgpackValue[] = []
    for (let index = 0; index < count; index++) items.push(this.read(depth + 1))
    return items
  }

  private map(count: number, depth: number): MsgpackMap {
    if (2 * count > this.bytes.length - this.at) throw violation('ends too early')
    const map = new Map<string, MsgpackValue>()
    for (let index = 0; index < count; index++) {
      const key = this.read(depth + 1)
      if (typeof key !== 'string') throw violation('a map key is not text')
      map.set(key, this.read(depth + 1))
    }
    return map
  }

  private extension(length: number, depth: number): MsgpackValue {
    const type = this.view.getInt8(this.skip(1))
    const payload = this.take(length)
    if (type !== EXT_TUPLE && type !== EXT_DICTIONARY) return payload
    // Tuples can be keys of Python's dictionaries, so a stranger can plant one nested a thousand times among the
    // entries of others: it stays bytes, and the rest stays readable.
    if (depth >= this.maxDepth) return payload
    const inner = new Reader(payload, this.maxDepth)
    const items = inner.read(depth + 1)
    if (!inner.atEnd || !Array.isArray(items)) throw violation('an extension that is not a list')
    return type === EXT_TUPLE ? new Tuple(items) : dictionary(items)
  }
}

function dictionary(items: readonly MsgpackValue[]): DictionaryValue {
  const [maxSize, latest, entries] = items
  if (items.length !== 3 || !Array.isArray(entries)) throw violation('a malformed dictionary')
  // Python writes an infinite maximum as a float, other writers write nil.
  return new DictionaryValue(maxSize === null ? null : numberOf(maxSize), numberOf(latest), entries.map(entryOf))
}

function entryOf(entry: MsgpackValue): DictionaryItem {
  if (!Array.isArray(entry) || entry.length !== 3) throw violation('a malformed dictionary entry')
  const [subkey, value, expiration] = entry as MsgpackValue[]
  if (subkey === undefined || !(value instanceof Uint8Array)) throw violation('a malformed dictionary entry')
  return { subkey, value, expirationS: numberOf(expiration) }
}

function numberOf(value: MsgpackValue | undefined): number {
  const number = value instanceof Float ? value.value : value
  // NaN passes: Python stores it, and one such entry must not make the others unreadable.
  if (typeof number !== 'number') throw violation('a dictionary without its numbers')
  return number
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
