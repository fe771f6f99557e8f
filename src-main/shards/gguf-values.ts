import { EspalierError } from '../../src-shared/errors'
import { fixedValueSize, GGUF_VALUE, type GgufEntry, type GgufHeader, type GgufValueType } from './gguf-types'

/** Decodes a string entry; GGUF_INVALID when it is something else. */
export function readString(entry: GgufEntry): string {
  if (entry.type !== GGUF_VALUE.string) throw wrongType(entry, 'a string')
  return Buffer.from(entry.raw.buffer, entry.raw.byteOffset + 8, entry.raw.byteLength - 8).toString('utf8')
}

/** Decodes an entry of any integer type; GGUF_INVALID when it is something else or beyond 2^53. */
export function readInteger(entry: GgufEntry): number {
  const value = readScalar(entry)
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrongType(entry, 'a whole number')
  return value
}

/** The elements of a fixed-size array still encoded, one view each; null when the entry is not such an array. */
export function arrayElements(entry: GgufEntry): { elementType: GgufValueType; elements: Uint8Array[] } | null {
  if (entry.type !== GGUF_VALUE.array) return null
  const view = viewOf(entry)
  const elementType = view.getUint32(0, true) as GgufValueType
  const size = fixedValueSize(elementType)
  if (size === undefined) return null
  const length = Number(view.getBigUint64(4, true))
  const elements = Array.from({ length }, (_, index) => entry.raw.subarray(12 + index * size, 12 + (index + 1) * size))
  return { elementType, elements }
}

/** Number of elements of an array entry (strings too); null when the entry is not an array. */
export function arrayLength(entry: GgufEntry): number | null {
  return entry.type === GGUF_VALUE.array ? Number(viewOf(entry).getBigUint64(4, true)) : null
}

/** `<architecture>.<name>` as an integer; undefined when it is absent. */
export function integerOf(header: GgufHeader, key: string): number | undefined {
  const found = header.entries.get(key)
  return found === undefined ? undefined : readInteger(found)
}

export function stringOf(header: GgufHeader, key: string): string | undefined {
  const found = header.entries.get(key)
  return found === undefined ? undefined : readString(found)
}

/** A single-precision entry; undefined when it is absent, GGUF_INVALID when it is something else. */
export function floatOf(header: GgufHeader, key: string): number | undefined {
  const found = header.entries.get(key)
  if (found === undefined) return undefined
  if (found.type !== GGUF_VALUE.float32) throw wrongType(found, 'a number')
  return viewOf(found).getFloat32(0, true)
}

function readScalar(entry: GgufEntry): number | undefined {
  const view = viewOf(entry)
  switch (entry.type) {
    case GGUF_VALUE.uint8:
      return view.getUint8(0)
    case GGUF_VALUE.int8:
      return view.getInt8(0)
    case GGUF_VALUE.uint16:
      return view.getUint16(0, true)
    case GGUF_VALUE.int16:
      return view.getInt16(0, true)
    case GGUF_VALUE.uint32:
      return view.getUint32(0, true)
    case GGUF_VALUE.int32:
      return view.getInt32(0, true)
    case GGUF_VALUE.uint64:
      return Number(view.getBigUint64(0, true))
    case GGUF_VALUE.int64:
      return Number(view.getBigInt64(0, true))
    default:
      return undefined
  }
}

function viewOf({ raw }: GgufEntry): DataView {
  return new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
}

function wrongType(entry: GgufEntry, wanted: string): EspalierError {
  return new EspalierError('GGUF_INVALID', `${entry.key} is not ${wanted}`)
}
