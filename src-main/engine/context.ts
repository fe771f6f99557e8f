import koffi from 'koffi'
import { EspalierError } from '../../src-shared/errors'
import type { Pointer } from './abi'
import { type LlamaApi, withLog } from './api'
import type { LoadedModel } from './model'

export interface ContextOptions {
  /** KV cells of each sequence. llama.cpp rounds them up to 256. */
  sequenceTokens: number
  maxBatchTokens: number
  sequences: number
  threads: number
  /** Asked for every tensor of the graph; see `onTensor`. */
  wantsTensor?: (name: string) => boolean
  /** Gets each wanted tensor when it is computed. False ends the computation there. */
  onTensor?: (name: string, tensor: number) => boolean
}

export interface Context {
  readonly pointer: Pointer
  readonly memory: Pointer
  /** KV cells of each sequence. */
  readonly sequenceTokens: number
  readonly maxBatchTokens: number
  free(): void
}

/** Makes the KV cache and compute buffers. Throws ENGINE_OUT_OF_MEMORY. */
export function createContext(api: LlamaApi, model: LoadedModel, options: ContextOptions): Context {
  const { wantsTensor, onTensor } = options
  const params = api.contextDefaultParams()
  params.n_ctx = options.sequenceTokens * options.sequences
  // One micro-batch per call: otherwise a batch is computed in several parts and captured in several parts.
  params.n_batch = options.maxBatchTokens
  params.n_ubatch = options.maxBatchTokens
  params.n_seq_max = options.sequences
  params.n_threads = options.threads
  params.n_threads_batch = options.threads
  // In a cache that all share, a sequence's cells lie where others left room, and attention adds them up in the order
  // in which they lie: a session's logits would depend on who else was there (measured: by 0.38). The price is the order
  // of rows, which is the batch's for neighbouring sequences of as many rows each and for nothing else; see stage.ts.
  params.kv_unified = false
  const callback =
    wantsTensor && onTensor
      ? koffi.register((tensor: number, isQuestion: boolean) => {
          const name = api.tensorName(tensor)
          return isQuestion ? wantsTensor(name) : onTensor(name, tensor)
        }, koffi.pointer(api.types.evalCallback))
      : null
  params.cb_eval = callback
  const pointer = withLog(api, () => api.contextInit(model.pointer, params))
  if (!pointer) {
    if (callback !== null) koffi.unregister(callback)
    throw new EspalierError(
      'ENGINE_OUT_OF_MEMORY',
      `no context of ${options.sequences} × ${options.sequenceTokens} tokens`,
    )
  }
  return {
    pointer,
    memory: api.contextMemory(pointer),
    sequenceTokens: Math.floor(api.contextTokens(pointer) / options.sequences),
    maxBatchTokens: api.contextBatchTokens(pointer),
    free() {
      api.contextFree(pointer)
      if (callback !== null) koffi.unregister(callback)
    },
  }
}

/** Copies a tensor of floats. Reading beyond its end would abort the process, so the size is the tensor's own. */
export function readTensor(api: LlamaApi, tensor: number): Float32Array {
  const sizeBytes = Number(api.tensorBytes(tensor))
  const floats = new Float32Array(sizeBytes / Float32Array.BYTES_PER_ELEMENT)
  api.tensorGet(tensor, floats, 0, sizeBytes)
  return floats
}

/** Throws ENGINE_DECODE_FAILED when `llama_decode` returned an error. */
export function checkDecoded(status: number): void {
  if (status === 0) return
  const meaning =
    status === 1 ? 'the KV cache is full' : status === -1 ? 'the batch is not valid' : 'computation failed'
  throw new EspalierError('ENGINE_DECODE_FAILED', `${meaning} (status ${status})`)
}

/** Whether all values are finite. By index: an iterator takes 6 times as long, and every batch passes twice. */
export function areFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return false
  }
  return true
}
