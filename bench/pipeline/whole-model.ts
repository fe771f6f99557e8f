import * as z from 'zod'
import { type LlamaApi, openLlama } from '../../src-main/engine/api'
import { loadModel } from '../../src-main/engine/model'
import { Stage } from '../../src-main/engine/stage'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { openRpcDevices, RpcSchema } from './llama-rpc/rpc-devices'
import { CONTEXT_TOKENS, DecodeInputSchema, MAX_BATCH_TOKENS, SEQUENCES, THREADS } from './settings'
import { timedDecode } from './timed-decode'

const LoadSchema = z.object({
  modelPath: z.string(),
  rpc: z.optional(RpcSchema),
  /** Without the weight layouts that this processor likes best. */
  plain: z.optional(z.boolean()),
})
const PrefillSchema = DecodeInputSchema.pick({ prompt: true })

const ALL_LAYERS = 10_000

/**
 * What a chain is compared with: the whole model in one process, called through our binding in the same thread that
 * wants the tokens. No engine process, no channel, no network; with `rpc`, the same with llama.cpp's own workers.
 */
export function wholeModel(): Served {
  const api = openLlama({ accelerator: 'cpu', directory: null })
  let stage: Stage | null = null
  return {
    calls: {
      async load(input) {
        const { modelPath, rpc, plain } = LoadSchema.parse(input)
        const offload = rpc ? { gpuLayers: ALL_LAYERS, gpuNames: openRpcDevices(api, rpc) } : { gpuLayers: 0 }
        const model = await loadModel(plain ? withPlainWeights(api) : api, modelPath, offload)
        stage = new Stage(api, model, {
          wholeModel: true,
          isLast: true,
          sequenceTokens: CONTEXT_TOKENS,
          maxBatchTokens: MAX_BATCH_TOKENS,
          // An engine keeps one more than it leases, for probes.
          sequences: SEQUENCES + 1,
          threads: THREADS,
          embed: null,
        })
        return null
      },
      async decode(input) {
        const loaded = stage
        if (!loaded) throw new Error('no model is loaded')
        try {
          return await timedDecode(DecodeInputSchema.parse(input), (tokens, position) => {
            const [item] = loaded.run({ items: [{ sequence: 0, position, tokens, wantLogits: 'greedy' }] })
            return item?.token ?? -1
          })
        } finally {
          loaded.trim(0, 0)
        }
      },
      /** All rows in one batch, as llama.cpp likes them best. */
      prefill(input) {
        const { prompt } = PrefillSchema.parse(input)
        if (!stage) throw new Error('no model is loaded')
        const startedAt = systemClock.monotonicMs()
        const [item] = stage.run({ items: [{ sequence: 0, position: 0, tokens: prompt, wantLogits: 'greedy' }] })
        const elapsedMs = systemClock.monotonicMs() - startedAt
        stage.trim(0, 0)
        return { elapsedMs, token: item?.token ?? -1 }
      },
    },
    close: () => stage?.free(),
  }
}

function withPlainWeights(api: LlamaApi): LlamaApi {
  return { ...api, modelDefaultParams: () => ({ ...api.modelDefaultParams(), use_extra_bufts: false }) }
}
