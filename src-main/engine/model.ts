import koffi from 'koffi'
import { EspalierError } from '../../src-shared/errors'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import type { Pointer } from './abi'
import { type LlamaApi, withLog } from './api'
import { deviceList } from './devices'

export interface ModelOptions {
  gpuLayers: number
  /** Names of the only devices that blocks may be put on; absent: all that the opened back-end offers. */
  gpuNames?: readonly string[] | undefined
  /** Called with a fraction 0..1 while the file is read. */
  onProgress?: (fraction: number) => void
}

/** A model's weights, or a slice's, in memory. `free` once, after the contexts that use it. */
export interface LoadedModel {
  readonly pointer: Pointer
  readonly blockCount: number
  readonly embeddingLength: number
  readonly vocabSize: number
  readonly sizeBytes: number
  free(): void
}

/**
 * Loads a GGUF and reads every tensor once, so that broken values are found now and the pages are resident.
 * Throws SHARD_MISSING, GGUF_TRUNCATED, GGUF_INVALID, ARCH_UNSUPPORTED, ENGINE_LOAD_FAILED.
 */
export async function loadModel(api: LlamaApi, path: string, options: ModelOptions): Promise<LoadedModel> {
  // llama.cpp ends the process on some contradictions in a header, so ours reads it first.
  modelShape(await readGgufHeader(path))
  const params = api.modelDefaultParams()
  params.n_gpu_layers = options.gpuLayers
  if (options.gpuNames) params.devices = deviceList(api, options.gpuNames)
  params.check_tensors = true
  const { onProgress } = options
  const callback = onProgress
    ? koffi.register((fraction: number) => {
        onProgress(fraction)
        return true
      }, koffi.pointer(api.types.progressCallback))
    : null
  params.progress_callback = callback
  const pointer = withLog(api, () => api.modelLoad(path, params))
  if (callback !== null) koffi.unregister(callback)
  if (!pointer) throw new EspalierError('ENGINE_LOAD_FAILED', path)
  return {
    pointer,
    blockCount: api.modelBlockCount(pointer),
    embeddingLength: api.modelEmbeddingLength(pointer),
    vocabSize: api.vocabSize(api.modelVocab(pointer)),
    sizeBytes: Number(api.modelSizeBytes(pointer)),
    free: () => api.modelFree(pointer),
  }
}
