import * as z from 'zod'
import { openLlama } from '../../src-main/engine/api'
import { loadModel } from '../../src-main/engine/model'
import { Stage } from '../../src-main/engine/stage'
import type { Served } from '../child-calls'
import { CONTEXT_TOKENS, DecodeInputSchema, MAX_BATCH_TOKENS, SEQUENCES, THREADS } from './settings'
import { timedDecode } from './timed-decode'

const LoadSchema = z.object({ modelPath: z.string() })

/**
 * What a chain is compared with: the whole model in one process, called through our binding in the same thread that
 * wants the tokens. No engine process, no channel, no network.
 */
export function wholeModel(): Served {
  const api = openLlama({ accelerator: 'cpu', directory: null })
  let stage: Stage | null = null
  return {
    calls: {
      async load(input) {
        const { modelPath } = LoadSchema.parse(input)
        stage = new Stage(api, await loadModel(api, modelPath, { gpuLayers: 0 }), {
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
    },
    close: () => stage?.free(),
  }
}
