import koffi, { type TypeObject } from 'koffi'
import { EspalierError } from '../../src-shared/errors'

/** The llama.cpp release whose struct layouts this file describes. Another release is refused, never tried. */
export const LLAMA_RELEASE = 'v0.4.0'

/** Sizes in bytes of the structs below as a C compiler lays them out on every 64-bit target of that release. */
const STRUCT_SIZES = { modelParams: 80, contextParams: 160, batch: 56 } as const
export type StructSizes = Record<keyof typeof STRUCT_SIZES, number>

/** Values that the library's own defaults must have; a shifted field shows up as another number here. */
const MODEL_SENTINELS: Partial<ModelParams> = {
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  main_gpu: 0,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  load_mtp: false,
}
const CONTEXT_SENTINELS: Partial<ContextParams> = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  rope_scaling_type: -1,
  flash_attn_type: -1,
  yarn_ext_factor: -1,
  yarn_beta_slow: -1,
  type_k: 1,
  type_v: 1,
  embeddings: false,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
}

/** An address in native memory. koffi gives pointers as bigint; null is the null pointer. */
export type Pointer = bigint

/** `llama_model_params`; only fields that we set or check are named in the type. */
export interface ModelParams {
  /** Devices for the blocks, ended by 0; null leaves the choice to llama.cpp. */
  devices: BigUint64Array | null
  n_gpu_layers: number
  split_mode: number
  load_mode: number
  main_gpu: number
  progress_callback: Pointer | null
  vocab_only: boolean
  check_tensors: boolean
  use_extra_bufts: boolean
  load_mtp: boolean
}

/** `llama_context_params`; only fields that we set or check are named in the type. */
export interface ContextParams {
  n_ctx: number
  n_batch: number
  n_ubatch: number
  n_seq_max: number
  n_threads: number
  n_threads_batch: number
  rope_scaling_type: number
  flash_attn_type: number
  yarn_ext_factor: number
  yarn_beta_slow: number
  cb_eval: Pointer | null
  type_k: number
  type_v: number
  embeddings: boolean
  offload_kqv: boolean
  no_perf: boolean
  op_offload: boolean
  swa_full: boolean
  kv_unified: boolean
}

/** `llama_batch`. Pointers into native arrays of `n_tokens` entries; exactly one of `token` and `embd` is set. */
export interface NativeBatch {
  n_tokens: number
  token: Pointer | null
  embd: Pointer | null
  pos: Pointer
  n_seq_id: Pointer
  seq_id: Pointer
  logits: Pointer
}

export interface NativeTypes {
  modelParams: TypeObject
  contextParams: TypeObject
  batch: TypeObject
  samplerParams: TypeObject
  typeTraits: TypeObject
  progressCallback: TypeObject
  evalCallback: TypeObject
  toFloat: TypeObject
}

/** Describes the C types to koffi. All are anonymous, so that calling this twice in a process is harmless. */
export function declareTypes(): NativeTypes {
  const progressCallback = koffi.proto('bool', ['float', 'void *'])
  // The tensor pointer is taken as an integer: koffi then hands over a plain number, cheaper than a bigint,
  // and this callback runs once per graph node.
  const evalCallback = koffi.proto('bool', ['uint64_t', 'bool', 'void *'])
  return {
    progressCallback,
    evalCallback,
    toFloat: koffi.proto('void', ['const void *', 'void *', 'int64_t']),
    typeTraits: koffi.struct({
      type_name: 'const char *',
      blck_size: 'int64_t',
      blck_size_interleave: 'int64_t',
      type_size: 'size_t',
      is_quantized: 'bool',
      to_float: 'void *',
      from_float_ref: 'void *',
    }),
    modelParams: koffi.struct({
      devices: 'void *',
      tensor_buft_overrides: 'void *',
      n_gpu_layers: 'int32_t',
      split_mode: 'int32_t',
      load_mode: 'int32_t',
      lazy_mode: 'int32_t',
      main_gpu: 'int32_t',
      tensor_split: 'void *',
      progress_callback: koffi.pointer(progressCallback),
      progress_callback_user_data: 'void *',
      kv_overrides: 'void *',
      vocab_only: 'bool',
      check_tensors: 'bool',
      use_extra_bufts: 'bool',
      no_host: 'bool',
      no_alloc: 'bool',
      load_mtp: 'bool',
    }),
    contextParams: koffi.struct({
      n_ctx: 'uint32_t',
      n_batch: 'uint32_t',
      n_ubatch: 'uint32_t',
      n_seq_max: 'uint32_t',
      n_rs_seq: 'uint32_t',
      n_outputs_max: 'uint32_t',
      n_outputs_max_per_seq: 'uint32_t',
      n_threads: 'int32_t',
      n_threads_batch: 'int32_t',
      ctx_type: 'int32_t',
      rope_scaling_type: 'int32_t',
      pooling_type: 'int32_t',
      attention_type: 'int32_t',
      flash_attn_type: 'int32_t',
      rope_freq_base: 'float',
      rope_freq_scale: 'float',
      yarn_ext_factor: 'float',
      yarn_attn_factor: 'float',
      yarn_beta_fast: 'float',
      yarn_beta_slow: 'float',
      yarn_orig_ctx: 'uint32_t',
      defrag_thold: 'float',
      cb_eval: koffi.pointer(evalCallback),
      cb_eval_user_data: 'void *',
      type_k: 'int32_t',
      type_v: 'int32_t',
      abort_callback: 'void *',
      abort_callback_data: 'void *',
      embeddings: 'bool',
      offload_kqv: 'bool',
      no_perf: 'bool',
      op_offload: 'bool',
      swa_full: 'bool',
      kv_unified: 'bool',
      samplers: 'void *',
      n_samplers: 'size_t',
      ctx_other: 'void *',
    }),
    samplerParams: koffi.struct({ no_perf: 'bool' }),
    batch: koffi.struct({
      n_tokens: 'int32_t',
      token: 'void *',
      embd: 'void *',
      pos: 'void *',
      n_seq_id: 'void *',
      seq_id: 'void *',
      logits: 'void *',
    }),
  }
}

export function structSizes(types: NativeTypes): StructSizes {
  return {
    modelParams: koffi.sizeof(types.modelParams),
    contextParams: koffi.sizeof(types.contextParams),
    batch: koffi.sizeof(types.batch),
  }
}

/** Throws ENGINE_ABI_MISMATCH when the files were built from another release than the layouts above. */
export function checkRelease(release: string): void {
  if (release !== LLAMA_RELEASE)
    refuse(`the files are ${release || 'of an unnamed release'}, expected ${LLAMA_RELEASE}`)
}

/** Throws ENGINE_ABI_MISMATCH when this platform lays the structs out in another size than the library expects. */
export function checkStructSizes(sizes: StructSizes): void {
  for (const [name, expected] of Object.entries(STRUCT_SIZES)) {
    const actual = sizes[name as keyof StructSizes]
    if (actual !== expected) refuse(`${name} has ${actual} bytes, expected ${expected}`)
  }
}

/** Throws ENGINE_ABI_MISMATCH when the library's defaults, read through our layouts, are not the known ones. */
export function checkDefaults(model: ModelParams, context: ContextParams): void {
  checkSentinels('model', model, MODEL_SENTINELS)
  checkSentinels('context', context, CONTEXT_SENTINELS)
}

function checkSentinels<T extends object>(what: string, actual: T, expected: Partial<T>): void {
  for (const key of Object.keys(expected) as (keyof T)[]) {
    if (actual[key] !== expected[key]) {
      refuse(`default ${what} parameter ${String(key)} is ${String(actual[key])}, expected ${String(expected[key])}`)
    }
  }
}

function refuse(detail: string): never {
  throw new EspalierError('ENGINE_ABI_MISMATCH', detail)
}
