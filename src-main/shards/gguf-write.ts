import { alignUp, GGUF_VALUE, type GgufEntry, type GgufValueType, tensorSizeBytes } from './gguf-types'

/** What we write with, whatever the source used: GGUF's default. */
export const WRITE_ALIGNMENT = 32

export interface TensorToWrite {
  readonly name: string
  readonly type: number
  readonly dims: readonly number[]
}

export interface EncodedHeader {
  /** Everything before the tensor data, padding included. */
  readonly bytes: Uint8Array
  /** Offset of each tensor from the beginning of the file, in the order given. */
  readonly offsets: readonly number[]
  /** Size of the finished file, padding of the last tensor included. */
  readonly fileSizeBytes: number
}

/** Encodes a GGUF v3 header. Tensors are packed in the order given: llama.cpp refuses any other layout. */
export function encodeGgufHeader(
  entries: Iterable<GgufEntry>,
  tensors: readonly TensorToWrite[],
  alignment: number = WRITE_ALIGNMENT,
): EncodedHeader {
  const list = [...entries]
  const parts: Uint8Array[] = [Buffer.from('GGUF', 'latin1'), uint32(3), uint64(tensors.length), uint64(list.length)]
  for (const entry of list) parts.push(text(entry.key), uint32(entry.type), entry.raw)
  const relative: number[] = []
  let dataBytes = 0
  for (const { name, type, dims } of tensors) {
    parts.push(text(name), uint32(dims.length), ...dims.map(uint64), uint32(type), uint64(dataBytes))
    relative.push(dataBytes)
    dataBytes += alignUp(tensorSizeBytes(type, dims), alignment)
  }
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const dataOffset = alignUp(length, alignment)
  const bytes = Buffer.concat(parts, dataOffset)
  return { bytes, offsets: relative.map((offset) => dataOffset + offset), fileSizeBytes: dataOffset + dataBytes }
}

/** Makes metadata entries. */
export const entry = {
  uint32: (key: string, value: number): GgufEntry => ({ key, type: GGUF_VALUE.uint32, raw: uint32(value) }),
  float32: (key: string, value: number): GgufEntry => ({ key, type: GGUF_VALUE.float32, raw: float32(value) }),
  bool: (key: string, value: boolean): GgufEntry => ({
    key,
    type: GGUF_VALUE.bool,
    raw: Uint8Array.of(value ? 1 : 0),
  }),
  string: (key: string, value: string): GgufEntry => ({ key, type: GGUF_VALUE.string, raw: text(value) }),
  strings: (key: string, values: readonly string[]) => array(key, GGUF_VALUE.string, values.map(text)),
  float32s: (key: string, values: readonly number[]) => array(key, GGUF_VALUE.float32, values.map(float32)),
  int32s: (key: string, values: readonly number[]) => array(key, GGUF_VALUE.int32, values.map(int32)),
  uint32s: (key: string, values: readonly number[]) => array(key, GGUF_VALUE.uint32, values.map(uint32)),
}

/** An array entry of already encoded elements. */
export function array(key: string, elementType: GgufValueType, elements: readonly Uint8Array[]): GgufEntry {
  return {
    key,
    type: GGUF_VALUE.array,
    raw: Buffer.concat([uint32(elementType), uint64(elements.length), ...elements]),
  }
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function float32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([uint64(bytes.length), bytes])
}
