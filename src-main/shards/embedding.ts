import { EspalierError } from '../../src-shared/errors'
import { modelShape } from './architectures'
import { type ModelFile, openModel, readGgufHeader } from './gguf-read'
import { TENSOR_TYPE, tensorSizeBytes, tensorTypeName } from './gguf-types'
import { fromHalf } from './half-float'

/** Turns whole rows of a tensor type into floats, into `target`. False when it does not know the type. */
export type Dequantize = (type: number, raw: Uint8Array, target: Float32Array) => boolean

export interface EmbeddingReader {
  /** ggml's number of the type the rows are stored in. */
  readonly type: number
  readonly rowBytes: number
  readonly embeddingLength: number
  readonly vocabSize: number
  /** The stored rows of these tokens, one after the other: tokens × rowBytes. */
  rawRows(tokens: readonly number[]): Promise<Uint8Array>
  /**
   * What block 0 is fed for these tokens: tokens × embeddingLength, scaled where the architecture scales.
   * BAD_ARGUMENT for ids outside of the vocabulary.
   */
  read(tokens: readonly number[]): Promise<Float32Array>
  close(): Promise<void>
}

/**
 * Reads token embeddings from an entry file (or a whole model), row by row from disk. `dequantize` is asked for the
 * types that we do not decode ourselves; without it they are refused with GGUF_INVALID when they are read.
 */
export async function createEmbeddingReader(path: string, dequantize?: Dequantize): Promise<EmbeddingReader> {
  const header = await readGgufHeader(path)
  const { embeddingLength, vocabSize, embeddingScale } = modelShape(header, { needsBlocks: false })
  const table = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')
  if (table === undefined) throw new EspalierError('GGUF_INVALID', `${path} has no token_embd.weight`)
  const rowBytes = tensorSizeBytes(table.type, [embeddingLength])
  const file = await openModel(path)

  async function rawRows(tokens: readonly number[]): Promise<Uint8Array> {
    for (const token of tokens) {
      if (!Number.isInteger(token) || token < 0 || token >= vocabSize) {
        throw new EspalierError('BAD_ARGUMENT', `token ${token} of a vocabulary of ${vocabSize}`)
      }
    }
    const rows = new Uint8Array(tokens.length * rowBytes)
    const offset = table?.offset ?? 0
    for (const [index, token] of tokens.entries()) {
      await readFully(file, rows.subarray(index * rowBytes, (index + 1) * rowBytes), offset + token * rowBytes)
    }
    return rows
  }

  return {
    type: table.type,
    rowBytes,
    embeddingLength,
    vocabSize,
    rawRows,
    async read(tokens) {
      const raw = await rawRows(tokens)
      const values = new Float32Array(tokens.length * embeddingLength)
      if (!dequantizeSimple(table.type, raw, values) && !dequantize?.(table.type, raw, values)) {
        throw new EspalierError('GGUF_INVALID', `token embeddings of type ${tensorTypeName(table.type)}`)
      }
      // Assignment to the array rounds to single precision, as ggml_scale does.
      if (embeddingScale !== 1)
        for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) * embeddingScale
      return values
    },
    close: () => file.close(),
  }
}

async function readFully(file: ModelFile, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const count = await file.read(target.subarray(done), position + done)
    if (count === 0) throw new EspalierError('GGUF_TRUNCATED', 'token embeddings')
    done += count
  }
}

/**
 * Decodes F32, F16, BF16 and Q8_0 bit for bit as ggml's `to_float` does: the products below are exact in double
 * precision and rounded once, to single precision, when they are stored.
 */
export const dequantizeSimple: Dequantize = (type, raw, target) => {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  switch (type) {
    case TENSOR_TYPE.F32:
      for (let at = 0; at < target.length; at++) target[at] = view.getFloat32(at * 4, true)
      return true
    case TENSOR_TYPE.F16:
      for (let at = 0; at < target.length; at++) target[at] = fromHalf(view.getUint16(at * 2, true))
      return true
    case TENSOR_TYPE.BF16: {
      const words = new Uint32Array(target.buffer, target.byteOffset, target.length)
      for (let at = 0; at < target.length; at++) words[at] = view.getUint16(at * 2, true) << 16
      return true
    }
    case TENSOR_TYPE.Q8_0:
      for (let at = 0; at < target.length; at++) {
        const block = Math.floor(at / 32) * 34
        target[at] = view.getInt8(block + 2 + (at % 32)) * fromHalf(view.getUint16(block, true))
      }
      return true
    default:
      return false
  }
}
