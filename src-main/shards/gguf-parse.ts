import { EspalierError } from '../../src-shared/errors'
import { ByteCursor, EndOfBytes } from './byte-cursor'
import {
  alignUp,
  fixedValueSize,
  GGUF_VALUE,
  type GgufEntry,
  type GgufHeader,
  type GgufTensor,
  type GgufValueType,
  tensorSizeBytes,
} from './gguf-types'
import { readInteger, readString } from './gguf-values'

/**
 * Hard limits, all far above real models (the largest vocabularies give headers of about 15 MB with 1.3 million
 * array elements, and about two thousand tensors) and low enough that a hostile file is refused within 200 ms of processor
 * time, before native code sees it (D-T10).
 */
export const GGUF_LIMITS = {
  headerBytes: 64 * 2 ** 20,
  entries: 4096,
  tensors: 16_384,
  keyBytes: 256,
  stringBytes: 2 ** 20,
  arrayElements: 2_000_000,
  /** ggml keeps names in 64 bytes, the final zero included. */
  tensorNameBytes: 63,
  dims: 4,
  alignment: 65_536,
  /** llama.cpp aborts the whole process for 0 and for more than 512. */
  blocks: 512,
} as const

// Names are never used as paths; what could be one is refused all the same.
const SAFE_NAME = /^(?!.*\.\.)[A-Za-z0-9_.-]+$/

export interface ParseOptions {
  /** One file of a split model: it may say nothing of the model itself, and have no tensors. */
  isPart?: boolean
}

/**
 * Parses a GGUF header from the first bytes of a file. `fileSizeBytes` is the size of the whole file, which claims
 * of the header are held against. Throws GGUF_TRUNCATED when bytes are missing, GGUF_INVALID for anything else.
 */
export function parseGgufHeader(
  bytes: Uint8Array,
  fileSizeBytes: number = bytes.byteLength,
  options: ParseOptions = {},
): GgufHeader {
  const header = parseIfWhole(bytes, fileSizeBytes, options)
  if (header === null) throw truncated(`the header needs more than ${bytes.byteLength} bytes`)
  return header
}

/** Null when the header goes on after these bytes. Throws as parseGgufHeader does. */
export function parseIfWhole(bytes: Uint8Array, fileSizeBytes: number, options: ParseOptions = {}): GgufHeader | null {
  try {
    return parse(bytes, fileSizeBytes, options)
  } catch (error) {
    if (error instanceof EndOfBytes) return null
    throw error
  }
}

function parse(bytes: Uint8Array, fileSizeBytes: number, { isPart = false }: ParseOptions): GgufHeader {
  const cursor = new ByteCursor(bytes, fileSizeBytes)
  if (cursor.text(4) !== 'GGUF') throw invalid('it does not begin with GGUF')
  const version = cursor.uint32()
  if (version !== 2 && version !== 3) throw invalid(`version ${version} of the format is not supported`)
  const tensorCount = cursor.uint64()
  const entryCount = cursor.uint64()
  if (tensorCount < (isPart ? 0 : 1) || tensorCount > GGUF_LIMITS.tensors) throw invalid(`${tensorCount} tensors`)
  if (entryCount > GGUF_LIMITS.entries) throw invalid(`${entryCount} metadata entries`)

  const entries = parseEntries(cursor, entryCount)
  const alignment = alignmentOf(entries)
  if (!isPart) checkBlockCount(entries)
  const raw = parseTensors(cursor, tensorCount, alignment)
  const dataOffset = alignUp(cursor.position, alignment)
  const tensors = raw.map((tensor) => ({ ...tensor, offset: dataOffset + tensor.offset }))
  checkLayout(tensors, fileSizeBytes)
  return { version, entries, tensors, alignment, dataOffset, fileSizeBytes }
}

function parseEntries(cursor: ByteCursor, count: number): Map<string, GgufEntry> {
  const entries = new Map<string, GgufEntry>()
  const budget = { elements: GGUF_LIMITS.arrayElements }
  for (let index = 0; index < count; index++) {
    const key = cursor.string(GGUF_LIMITS.keyBytes, 'a key')
    if (!SAFE_NAME.test(key)) throw invalid(`metadata key ${JSON.stringify(key)}`)
    if (entries.has(key)) throw invalid(`metadata key ${key} appears twice`)
    const type = cursor.uint32()
    const start = cursor.position
    skipValue(cursor, type, key, budget)
    entries.set(key, { key, type: type as GgufValueType, raw: cursor.slice(start) })
  }
  return entries
}

/** Steps over one value, checking it; values are decoded only when somebody asks (gguf-values.ts). */
function skipValue(cursor: ByteCursor, type: number, key: string, budget: { elements: number }): void {
  if (type !== GGUF_VALUE.array) {
    skipElements(cursor, type, 1, key)
    return
  }
  const elementType = cursor.uint32()
  const length = cursor.uint64()
  budget.elements -= length
  if (budget.elements < 0) throw invalid(`${key} has ${length} elements`)
  skipElements(cursor, elementType, length, key)
}

function skipElements(cursor: ByteCursor, type: number, length: number, key: string): void {
  const size = fixedValueSize(type)
  if (size !== undefined) {
    cursor.skip(size * length)
  } else if (type === GGUF_VALUE.string) {
    for (let index = 0; index < length; index++) cursor.skipString(GGUF_LIMITS.stringBytes, key)
  } else {
    throw invalid(`${key} has the unsupported type ${type}`)
  }
}

function parseTensors(cursor: ByteCursor, count: number, alignment: number): GgufTensor[] {
  const names = new Set<string>()
  const tensors: GgufTensor[] = []
  for (let index = 0; index < count; index++) {
    const name = cursor.string(GGUF_LIMITS.tensorNameBytes, 'a tensor name')
    if (!SAFE_NAME.test(name)) throw invalid(`tensor name ${JSON.stringify(name)}`)
    if (names.has(name)) throw invalid(`tensor ${name} appears twice`)
    names.add(name)
    const dimCount = cursor.uint32()
    if (dimCount < 1 || dimCount > GGUF_LIMITS.dims) throw invalid(`tensor ${name} has ${dimCount} dimensions`)
    const dims = Array.from({ length: dimCount }, () => cursor.uint64())
    if (dims.some((dim) => dim < 1)) throw invalid(`tensor ${name} has an empty dimension`)
    const type = cursor.uint32()
    const offset = cursor.uint64()
    if (offset % alignment !== 0) throw invalid(`tensor ${name} is not aligned to ${alignment} bytes`)
    tensors.push({ name, type, dims, offset, sizeBytes: tensorSizeBytes(type, dims) })
  }
  return tensors
}

function alignmentOf(entries: ReadonlyMap<string, GgufEntry>): number {
  const given = entries.get('general.alignment')
  if (given === undefined) return 32
  const alignment = readInteger(given)
  const isPowerOfTwo = alignment > 0 && Number.isInteger(Math.log2(alignment))
  if (!isPowerOfTwo || alignment > GGUF_LIMITS.alignment) throw invalid(`alignment ${alignment}`)
  return alignment
}

function checkBlockCount(entries: ReadonlyMap<string, GgufEntry>): void {
  const architecture = entries.get('general.architecture')
  if (architecture === undefined) throw invalid('it names no architecture')
  const key = `${readString(architecture)}.block_count`
  const given = entries.get(key)
  if (given === undefined) throw invalid(`${key} is missing`)
  const blockCount = readInteger(given)
  if (blockCount < 1 || blockCount > GGUF_LIMITS.blocks) throw invalid(`${key} is ${blockCount}`)
}

function checkLayout(tensors: readonly GgufTensor[], fileSizeBytes: number): void {
  const inOrder = tensors.toSorted((a, b) => a.offset - b.offset)
  let end = 0
  for (const { name, offset, sizeBytes } of inOrder) {
    if (offset < end) throw invalid(`tensor ${name} overlaps another`)
    end = offset + sizeBytes
    if (end > fileSizeBytes) {
      throw truncated(`tensor ${name} ends at byte ${end}, the file has ${fileSizeBytes}`)
    }
  }
}

function invalid(detail: string): EspalierError {
  return new EspalierError('GGUF_INVALID', detail)
}

function truncated(detail: string): EspalierError {
  return new EspalierError('GGUF_TRUNCATED', detail)
}
