import { EspalierError } from '../../src-shared/errors'
import { copyFloats, type LlamaApi } from './api'
import { BatchMemory } from './batch-memory'
import { checkDecoded, createContext, readTensor } from './context'
import { loadModel } from './model'
import type { Capture } from './protocol'

const BLOCK_OUTPUT = /^l_out-(\d+)$/
// The embedding rows as they enter block 0; models that scale them do so in a second tensor.
const EMBEDDING_OUTPUTS = ['embd', 'inp_scaled']

/**
 * Computes a whole model once on the processor and keeps the residual stream at every block boundary.
 * Throws what loadModel throws, BAD_ARGUMENT, ENGINE_OUT_OF_MEMORY, ENGINE_DECODE_FAILED.
 */
export async function captureModel(
  api: LlamaApi,
  modelPath: string,
  tokens: Int32Array,
  threads: number,
): Promise<Capture> {
  if (tokens.length === 0) throw new EspalierError('BAD_ARGUMENT', 'no tokens')
  const model = await loadModel(api, modelPath, { gpuLayers: 0 })
  const { blockCount, embeddingLength, vocabSize } = model
  const boundaries: Float32Array[] = []
  const boundaryOf = (name: string) => {
    if (EMBEDDING_OUTPUTS.includes(name)) return 0
    const block = BLOCK_OUTPUT.exec(name)?.[1]
    return block === undefined ? null : Number(block) + 1
  }
  try {
    if (tokens.some((token) => token < 0 || token >= vocabSize)) {
      throw new EspalierError('BAD_ARGUMENT', `a token is not in the vocabulary of ${vocabSize}`)
    }
    const context = createContext(api, model, {
      sequenceTokens: tokens.length,
      maxBatchTokens: tokens.length,
      sequences: 1,
      threads,
      wantsTensor: (name) => boundaryOf(name) !== null,
      onTensor: (name, tensor) => {
        const boundary = boundaryOf(name)
        if (boundary !== null) boundaries[boundary] = readTensor(api, tensor)
        return true
      },
    })
    const batch = new BatchMemory(api, tokens.length, embeddingLength)
    try {
      // All rows: the last block would otherwise compute the rows with the flag only.
      batch.addTokens(tokens, 0, 0, () => true)
      checkDecoded(api.decode(context.pointer, batch.toNative()))
      const source = api.logitsOfRow(context.pointer, tokens.length - 1)
      const expected = tokens.length * embeddingLength
      const complete = Array.from({ length: blockCount + 1 }, (_, index) => boundaries[index]?.length === expected)
      if (!source || complete.includes(false)) {
        throw new EspalierError('ENGINE_DECODE_FAILED', 'a block boundary did not show up')
      }
      return { embeddingLength, boundaries, logits: copyFloats(api, source, vocabSize) }
    } finally {
      batch.free()
      context.free()
    }
  } finally {
    model.free()
  }
}
