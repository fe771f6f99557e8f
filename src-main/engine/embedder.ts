import { closeSync, openSync, readSync } from 'node:fs'
import koffi from 'koffi'
import { EspalierError } from '../../src-shared/errors'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { TENSOR_TYPE } from '../shards/gguf-types'
import type { Pointer } from './abi'
import type { LlamaApi } from './api'

/** Turns tokens into what block 0 is fed, as llama.cpp itself would: tokens × embeddingLength. */
export interface Embedder {
  readonly architecture: string
  readonly embeddingLength: number
  readonly vocabSize: number
  /** Throws BAD_ARGUMENT for ids outside of the vocabulary. */
  embed(tokens: Int32Array): Float32Array
  close(): void
}

/**
 * Opens the embedding table of an entry file or a whole model. Rows are read from disk one by one (the system keeps
 * hot ones in memory) and turned into floats by ggml's own routine, so that they equal llama.cpp's bit for bit.
 * Synchronous reads: they are short, and the engine computes in order anyway.
 * Throws SHARD_MISSING, GGUF_TRUNCATED, GGUF_INVALID, ARCH_UNSUPPORTED.
 */
export async function openEmbedder(api: LlamaApi, path: string): Promise<Embedder> {
  const header = await readGgufHeader(path)
  const { architecture, embeddingLength, vocabSize, embeddingScale } = modelShape(header, { needsBlocks: false })
  const table = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')
  if (!table) throw new EspalierError('GGUF_INVALID', `${path} has no token_embd.weight`)
  const { offset } = table
  const rowBytes = Number(api.rowBytes(table.type, embeddingLength))
  const toFloats = floatConverter(api, table.type)
  const file = openSync(path, 'r')

  return {
    architecture,
    embeddingLength,
    vocabSize,
    embed(tokens) {
      const bad = tokens.find((token) => token < 0 || token >= vocabSize)
      if (bad !== undefined) throw new EspalierError('BAD_ARGUMENT', `token ${bad} of a vocabulary of ${vocabSize}`)
      const raw = new Uint8Array(tokens.length * rowBytes)
      for (const [index, token] of tokens.entries()) {
        const read = readSync(file, raw, index * rowBytes, rowBytes, offset + token * rowBytes)
        if (read !== rowBytes) throw new EspalierError('GGUF_TRUNCATED', path)
      }
      const floats = new Float32Array(tokens.length * embeddingLength)
      toFloats(raw, floats)
      // Storing rounds to single precision, as ggml's scaling does.
      if (embeddingScale !== 1) for (const [at, value] of floats.entries()) floats[at] = value * embeddingScale
      return floats
    },
    close: () => closeSync(file),
  }
}

/** ggml's own conversion of whole rows of a tensor type; a plain copy for F32, which has none. */
function floatConverter(api: LlamaApi, type: number): (raw: Uint8Array, floats: Float32Array) => void {
  if (type === TENSOR_TYPE.F32) return (raw, floats) => api.memcpy(floats, raw, floats.byteLength)
  const traits = api.typeTraits(type)
  const routine: Pointer | null = traits && koffi.decode(traits, api.types.typeTraits).to_float
  if (!routine) throw new EspalierError('GGUF_INVALID', `token embeddings of type ${type}`)
  const convert = koffi.decode(routine, api.types.toFloat)
  return (raw, floats) => convert(raw, floats, floats.length)
}
