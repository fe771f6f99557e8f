import type { LibraryHandle, TypeObject } from 'koffi'
import { EspalierError, messageOf } from '../../src-shared/errors'
import {
  type ContextParams,
  checkDefaults,
  checkStructSizes,
  declareTypes,
  type ModelParams,
  type NativeBatch,
  type NativeTypes,
  type Pointer,
  structSizes,
} from './abi'
import { findLibraryDirectory, findLibraryFiles, type Libraries, type LibraryOptions, openLibraries } from './library'

/** Native or JavaScript memory: koffi passes the address of a typed array's first byte. */
export type Memory = Pointer | NodeJS.ArrayBufferView

export type LlamaApi = ReturnType<typeof bindFunctions> & {
  types: NativeTypes
  libraries: Libraries
  /** A logger that does nothing. */
  silent: Pointer
}

/** Runs `load` with llama.cpp's own logger, to stderr: the only place where it gives reasons. */
export function withLog<T>(api: LlamaApi, load: () => T): T {
  api.logSet(null, null)
  try {
    return load()
  } finally {
    api.logSet(api.silent, null)
  }
}

/**
 * Opens llama.cpp's libraries, refuses any that are not exactly the ones this code was written for, and binds the
 * functions that we use. One call per process. Throws ENGINE_LIBRARY_MISSING, ENGINE_ABI_MISMATCH.
 */
export function openLlama(options: LibraryOptions): LlamaApi {
  const libraries = openLibraries(findLibraryFiles(findLibraryDirectory(options)))
  const types = declareTypes()
  checkStructSizes(structSizes(types))
  const functions = bind(() => bindFunctions(libraries, types))
  checkDefaults(functions.modelDefaultParams(), functions.contextDefaultParams())
  // llama.cpp logs from its own threads, where calling JavaScript can deadlock, and its default logger floods
  // stderr. Any exported function without side effects serves as a logger that does nothing.
  const silent: Pointer = libraries.llama.symbol('llama_time_us')
  functions.logSet(silent, null)
  functions.backendLoadAllFromPath(libraries.files.directory)
  functions.backendInit()
  return { ...functions, types, libraries, silent }
}

/** Copies native memory into a new array. */
export function copyFloats(api: LlamaApi, source: Pointer, count: number): Float32Array {
  const floats = new Float32Array(count)
  api.memcpy(floats, source, floats.byteLength)
  return floats
}

function bind<T>(binder: () => T): T {
  try {
    return binder()
  } catch (error) {
    throw new EspalierError('ENGINE_ABI_MISMATCH', messageOf(error), { cause: error })
  }
}

type Spec = string | TypeObject

function bindFunctions({ base, ggml, llama, system }: Libraries, types: NativeTypes) {
  // biome-ignore format: one line per C function reads as the header does
  return {
    /** Copies `sizeBytes` from the second to the first. The caller answers for both sizes. */
    memcpy: fn<(target: Memory, source: Memory, sizeBytes: number) => void>(
      system, process.platform === 'win32' ? 'RtlMoveMemory' : 'memcpy', 'void', ['void *', 'const void *', 'size_t']),

    backendInit: fn<() => void>(llama, 'llama_backend_init', 'void', []),
    logSet: fn<(callback: Pointer | null, data: null) => void>(llama, 'llama_log_set', 'void', ['void *', 'void *']),
    backendLoadAllFromPath: fn<(directory: string) => void>(ggml, 'ggml_backend_load_all_from_path', 'void', ['const char *']),

    deviceCount: fn<() => number | bigint>(ggml, 'ggml_backend_dev_count', 'size_t', []),
    deviceGet: fn<(index: number) => Pointer>(ggml, 'ggml_backend_dev_get', 'void *', ['size_t']),
    deviceName: fn<(device: Pointer) => string>(base, 'ggml_backend_dev_name', 'const char *', ['void *']),
    deviceDescription: fn<(device: Pointer) => string>(base, 'ggml_backend_dev_description', 'const char *', ['void *']),
    deviceType: fn<(device: Pointer) => number>(base, 'ggml_backend_dev_type', 'int', ['void *']),
    deviceMemory: fn<(device: Pointer, free: BigUint64Array, total: BigUint64Array) => void>(
      base, 'ggml_backend_dev_memory', 'void', ['void *', 'void *', 'void *']),

    modelDefaultParams: fn<() => ModelParams>(llama, 'llama_model_default_params', types.modelParams, []),
    modelLoad: fn<(path: string, params: ModelParams) => Pointer | null>(
      llama, 'llama_model_load_from_file', 'void *', ['const char *', types.modelParams]),
    modelFree: fn<(model: Pointer) => void>(llama, 'llama_model_free', 'void', ['void *']),
    modelBlockCount: fn<(model: Pointer) => number>(llama, 'llama_model_n_layer', 'int32_t', ['void *']),
    modelEmbeddingLength: fn<(model: Pointer) => number>(llama, 'llama_model_n_embd', 'int32_t', ['void *']),
    modelSizeBytes: fn<(model: Pointer) => number | bigint>(llama, 'llama_model_size', 'uint64_t', ['void *']),
    modelVocab: fn<(model: Pointer) => Pointer>(llama, 'llama_model_get_vocab', 'void *', ['void *']),

    contextDefaultParams: fn<() => ContextParams>(llama, 'llama_context_default_params', types.contextParams, []),
    contextInit: fn<(model: Pointer, params: ContextParams) => Pointer | null>(
      llama, 'llama_init_from_model', 'void *', ['void *', types.contextParams]),
    contextFree: fn<(context: Pointer) => void>(llama, 'llama_free', 'void', ['void *']),
    contextTokens: fn<(context: Pointer) => number>(llama, 'llama_n_ctx', 'uint32_t', ['void *']),
    contextBatchTokens: fn<(context: Pointer) => number>(llama, 'llama_n_batch', 'uint32_t', ['void *']),
    contextMemory: fn<(context: Pointer) => Pointer>(llama, 'llama_get_memory', 'void *', ['void *']),
    decode: fn<(context: Pointer, batch: NativeBatch) => number>(llama, 'llama_decode', 'int32_t', ['void *', types.batch]),
    logitsOfRow: fn<(context: Pointer, row: number) => Pointer | null>(
      llama, 'llama_get_logits_ith', 'void *', ['void *', 'int32_t']),
    memorySeqRemove: fn<(memory: Pointer, sequence: number, start: number, end: number) => boolean>(
      llama, 'llama_memory_seq_rm', 'bool', ['void *', 'int32_t', 'int32_t', 'int32_t']),
    memorySeqLast: fn<(memory: Pointer, sequence: number) => number>(
      llama, 'llama_memory_seq_pos_max', 'int32_t', ['void *', 'int32_t']),

    vocabType: fn<(vocab: Pointer) => number>(llama, 'llama_vocab_type', 'int', ['void *']),
    vocabSize: fn<(vocab: Pointer) => number>(llama, 'llama_vocab_n_tokens', 'int32_t', ['void *']),
    vocabBos: fn<(vocab: Pointer) => number>(llama, 'llama_vocab_bos', 'int32_t', ['void *']),
    vocabEos: fn<(vocab: Pointer) => number>(llama, 'llama_vocab_eos', 'int32_t', ['void *']),
    vocabAddBos: fn<(vocab: Pointer) => boolean>(llama, 'llama_vocab_get_add_bos', 'bool', ['void *']),
    vocabIsEnd: fn<(vocab: Pointer, token: number) => boolean>(llama, 'llama_vocab_is_eog', 'bool', ['void *', 'int32_t']),
    tokenize: fn<
      (vocab: Pointer, text: Memory, sizeBytes: number, tokens: Int32Array, max: number, special: boolean, parse: boolean) => number
    >(llama, 'llama_tokenize', 'int32_t', ['void *', 'const void *', 'int32_t', 'void *', 'int32_t', 'bool', 'bool']),
    tokenPiece: fn<
      (vocab: Pointer, token: number, target: Uint8Array, max: number, strip: number, special: boolean) => number
    >(llama, 'llama_token_to_piece', 'int32_t', ['void *', 'int32_t', 'void *', 'int32_t', 'int32_t', 'bool']),

    samplerChainInit: fn<(params: { no_perf: boolean }) => Pointer>(
      llama, 'llama_sampler_chain_init', 'void *', [types.samplerParams]),
    samplerChainAdd: fn<(chain: Pointer, sampler: Pointer) => void>(
      llama, 'llama_sampler_chain_add', 'void', ['void *', 'void *']),
    /** Gives the removed sampler, which is the caller's to free. */
    samplerChainRemove: fn<(chain: Pointer, index: number) => Pointer>(
      llama, 'llama_sampler_chain_remove', 'void *', ['void *', 'int32_t']),
    samplerGreedy: fn<() => Pointer>(llama, 'llama_sampler_init_greedy', 'void *', []),
    samplerDraw: fn<(seed: number) => Pointer>(llama, 'llama_sampler_init_dist', 'void *', ['uint32_t']),
    samplerTopK: fn<(k: number) => Pointer>(llama, 'llama_sampler_init_top_k', 'void *', ['int32_t']),
    samplerTopP: fn<(p: number, atLeast: number) => Pointer>(
      llama, 'llama_sampler_init_top_p', 'void *', ['float', 'size_t']),
    samplerMinP: fn<(p: number, atLeast: number) => Pointer>(
      llama, 'llama_sampler_init_min_p', 'void *', ['float', 'size_t']),
    samplerTemperature: fn<(temperature: number) => Pointer>(llama, 'llama_sampler_init_temp', 'void *', ['float']),
    samplerPenalties: fn<
      (vocabSize: number, tokens: number, repeat: number, frequency: number, presence: number) => Pointer
    >(llama, 'llama_sampler_init_penalties', 'void *', ['int32_t', 'int32_t', 'float', 'float', 'float']),
    /** Null for a grammar that it does not understand. */
    samplerGrammar: fn<(vocab: Pointer, grammar: string, root: string) => Pointer | null>(
      llama, 'llama_sampler_init_grammar', 'void *', ['void *', 'const char *', 'const char *']),
    /** Changes a `llama_token_data_array` in place. */
    samplerApply: fn<(sampler: Pointer, candidates: Pointer) => void>(
      llama, 'llama_sampler_apply', 'void', ['void *', 'void *']),
    samplerAccept: fn<(sampler: Pointer, token: number) => void>(
      llama, 'llama_sampler_accept', 'void', ['void *', 'int32_t']),
    /** Chooses from a row's logits and remembers the choice. */
    samplerSample: fn<(sampler: Pointer, context: Pointer, row: number) => number>(
      llama, 'llama_sampler_sample', 'int32_t', ['void *', 'void *', 'int32_t']),
    samplerFree: fn<(sampler: Pointer) => void>(llama, 'llama_sampler_free', 'void', ['void *']),
    /** Null where the model has none. */
    chatTemplate: fn<(model: Pointer, name: null) => string | null>(
      llama, 'llama_model_chat_template', 'const char *', ['void *', 'const char *']),

    tensorName: fn<(tensor: number) => string>(base, 'ggml_get_name', 'const char *', ['uint64_t']),
    tensorBytes: fn<(tensor: number) => number | bigint>(base, 'ggml_nbytes', 'size_t', ['uint64_t']),
    tensorGet: fn<(tensor: number, target: Memory, offset: number, sizeBytes: number) => void>(
      base, 'ggml_backend_tensor_get', 'void', ['uint64_t', 'void *', 'size_t', 'size_t']),
    typeTraits: fn<(type: number) => Pointer | null>(base, 'ggml_get_type_traits', 'void *', ['int']),
    rowBytes: fn<(type: number, columns: number) => number | bigint>(base, 'ggml_row_size', 'size_t', ['int', 'int64_t']),
  }
}

/** Declares one C function. The type parameter is our claim about it; the ABI checks and tests stand behind it. */
function fn<T>(library: LibraryHandle, name: string, result: Spec, args: Spec[]): T {
  return library.func(name, result, args) as unknown as T
}
