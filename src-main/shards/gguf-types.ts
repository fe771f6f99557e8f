import { EspalierError } from '../../src-shared/errors'

/** Types of metadata values, as numbered by the GGUF specification. */
export const GGUF_VALUE = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const
export type GgufValueType = (typeof GGUF_VALUE)[keyof typeof GGUF_VALUE]

/** Bytes of one value of a fixed-size type; undefined for strings, arrays and unknown types. */
export function fixedValueSize(type: number): number | undefined {
  return FIXED_SIZES.get(type)
}

const FIXED_SIZES = new Map<number, number>([
  [GGUF_VALUE.uint8, 1],
  [GGUF_VALUE.int8, 1],
  [GGUF_VALUE.uint16, 2],
  [GGUF_VALUE.int16, 2],
  [GGUF_VALUE.uint32, 4],
  [GGUF_VALUE.int32, 4],
  [GGUF_VALUE.float32, 4],
  [GGUF_VALUE.bool, 1],
  [GGUF_VALUE.uint64, 8],
  [GGUF_VALUE.int64, 8],
  [GGUF_VALUE.float64, 8],
])

export interface TensorTypeInfo {
  readonly name: string
  /** Weights per block, and bytes per block. */
  readonly blockLength: number
  readonly blockBytes: number
}

/**
 * ggml's tensor types with their block sizes, as llama.cpp v0.4.0's own `ggml_blck_size` and `ggml_type_size`
 * report them. Missing numbers are types that ggml has removed.
 */
export const TENSOR_TYPES: ReadonlyMap<number, TensorTypeInfo> = new Map(
  (
    [
      [0, 'F32', 1, 4],
      [1, 'F16', 1, 2],
      [2, 'Q4_0', 32, 18],
      [3, 'Q4_1', 32, 20],
      [6, 'Q5_0', 32, 22],
      [7, 'Q5_1', 32, 24],
      [8, 'Q8_0', 32, 34],
      [9, 'Q8_1', 32, 36],
      [10, 'Q2_K', 256, 84],
      [11, 'Q3_K', 256, 110],
      [12, 'Q4_K', 256, 144],
      [13, 'Q5_K', 256, 176],
      [14, 'Q6_K', 256, 210],
      [15, 'Q8_K', 256, 292],
      [16, 'IQ2_XXS', 256, 66],
      [17, 'IQ2_XS', 256, 74],
      [18, 'IQ3_XXS', 256, 98],
      [19, 'IQ1_S', 256, 50],
      [20, 'IQ4_NL', 32, 18],
      [21, 'IQ3_S', 256, 110],
      [22, 'IQ2_S', 256, 82],
      [23, 'IQ4_XS', 256, 136],
      [24, 'I8', 1, 1],
      [25, 'I16', 1, 2],
      [26, 'I32', 1, 4],
      [27, 'I64', 1, 8],
      [28, 'F64', 1, 8],
      [29, 'IQ1_M', 256, 56],
      [30, 'BF16', 1, 2],
      [34, 'TQ1_0', 256, 54],
      [35, 'TQ2_0', 256, 66],
      [39, 'MXFP4', 32, 17],
      [40, 'NVFP4', 64, 36],
      [41, 'Q1_0', 128, 18],
      [42, 'Q2_0', 64, 18],
    ] as const
  ).map(([type, name, blockLength, blockBytes]) => [type, { name, blockLength, blockBytes }]),
)

export const TENSOR_TYPE = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, BF16: 30, Q1_0: 41, Q2_0: 42 } as const

export function tensorTypeName(type: number): string {
  return TENSOR_TYPES.get(type)?.name ?? `type ${type}`
}

/**
 * Bytes of a tensor's data, without padding. `dims[0]` is the row length.
 * Throws GGUF_INVALID for an unknown type, or a row that is not a whole number of blocks.
 */
export function tensorSizeBytes(type: number, dims: readonly number[]): number {
  const info = TENSOR_TYPES.get(type)
  if (info === undefined) throw new EspalierError('GGUF_INVALID', `unknown tensor type ${type}`)
  const rowLength = dims[0] ?? 1
  if (rowLength % info.blockLength !== 0) {
    throw new EspalierError(
      'GGUF_INVALID',
      `a row of ${rowLength} weights is not a whole number of ${info.name} blocks`,
    )
  }
  const weights = dims.reduce((product, dim) => product * dim, 1)
  const sizeBytes = (weights / info.blockLength) * info.blockBytes
  if (!Number.isSafeInteger(weights) || !Number.isSafeInteger(sizeBytes)) {
    throw new EspalierError('GGUF_INVALID', `a tensor of ${dims.join(' × ')} weights is too large`)
  }
  return sizeBytes
}

/** One metadata entry. `raw` is the encoded value (for arrays with element type and count), for verbatim copies. */
export interface GgufEntry {
  readonly key: string
  readonly type: GgufValueType
  readonly raw: Uint8Array
}

export interface GgufTensor {
  readonly name: string
  readonly type: number
  /** Row length first, as ggml counts. */
  readonly dims: readonly number[]
  /** From the beginning of the file. */
  readonly offset: number
  readonly sizeBytes: number
}

export interface GgufHeader {
  readonly version: number
  readonly entries: ReadonlyMap<string, GgufEntry>
  readonly tensors: readonly GgufTensor[]
  readonly alignment: number
  /** Where tensor data begins: everything before is the header, padding included. */
  readonly dataOffset: number
  readonly fileSizeBytes: number
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}
