import { type GgufHeader, tensorTypeName } from './gguf-types'
import { integerOf } from './gguf-values'

/** llama.cpp's file types: the names people know a quantization by. */
const FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [7, 'Q8_0'],
  [8, 'Q5_0'],
  [9, 'Q5_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K_S'],
  [12, 'Q3_K_M'],
  [13, 'Q3_K_L'],
  [14, 'Q4_K_S'],
  [15, 'Q4_K_M'],
  [16, 'Q5_K_S'],
  [17, 'Q5_K_M'],
  [18, 'Q6_K'],
  [19, 'IQ2_XXS'],
  [20, 'IQ2_XS'],
  [21, 'Q2_K_S'],
  [22, 'IQ3_XS'],
  [23, 'IQ3_XXS'],
  [24, 'IQ1_S'],
  [25, 'IQ4_NL'],
  [26, 'IQ3_S'],
  [27, 'IQ3_M'],
  [28, 'IQ2_S'],
  [29, 'IQ2_M'],
  [30, 'IQ4_XS'],
  [31, 'IQ1_M'],
  [32, 'BF16'],
  [36, 'TQ1_0'],
  [37, 'TQ2_0'],
  [38, 'MXFP4'],
])

/** The quantization by the file's own word, or else by the type that most of its bytes have. */
export function quantizationLabel(header: GgufHeader): string {
  const named = FILE_TYPES.get(integerOf(header, 'general.file_type') ?? -1)
  if (named !== undefined) return named
  const bytesOf = new Map<number, number>()
  for (const { type, sizeBytes } of header.tensors) bytesOf.set(type, (bytesOf.get(type) ?? 0) + sizeBytes)
  const [mostUsed] = [...bytesOf].toSorted((a, b) => b[1] - a[1])
  return tensorTypeName(mostUsed?.[0] ?? 0)
}
