import koffi from 'koffi'
import { EspalierError } from '../../src-shared/errors'
import type { Pointer } from './abi'
import { type LlamaApi, withLog } from './api'
import type { LoadedModel } from './model'

export interface ContextOptions {
  contextTokens: number
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
  readonly contextTokens: number
  readonly maxBatchTokens: number
  free(): void
}

/** Makes the KV cache and compute buffers. Throws ENGINE_OUT_OF_MEMORY. */
export function createContext(api: LlamaApi, model: LoadedModel, options: ContextOptions): Context {
  const { wantsTensor, onTensor } = options
  const params = api.contextDefaultParams()
  params.n_ctx = options.contextTokens
  // One micro-batch per call: otherwise a batch is computed in several parts and captured in several parts.
  params.n_batch = options.maxBatchTokens
  params.n_ubatch = options.maxBatchTokens
  params.n_seq_max = options.sequences
  params.n_threads = options.threads
  params.n_threads_batch = options.threads
  // With a cache per sequence, llama.cpp sorts the rows of a mixed batch by sequence, and hidden rows would
  // come out in another order than they went in, without an error.
  params.kv_unified = true
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
    throw new EspalierError('ENGINE_OUT_OF_MEMORY', `no context of ${options.contextTokens} tokens`)
  }
  return {
    pointer,
    memory: api.contextMemory(pointer),
    contextTokens: api.contextTokens(pointer),
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
