import {
  getLlama,
  type LlamaContext,
  type LlamaContextSequence,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp'
import * as z from 'zod'
import type { Served } from '../child-calls'
import { CONTEXT_TOKENS, DecodeInputSchema, MAX_BATCH_TOKENS, THREADS } from './settings'
import { startWatch } from './timed-decode'

const LoadSchema = z.object({ modelPath: z.string() })

/** The same file through node-llama-cpp's own interface. */
export async function nodeLlamaCpp(): Promise<Served> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: THREADS,
  })
  let model: LlamaModel | null = null
  let context: LlamaContext | null = null
  let sequence: LlamaContextSequence | null = null
  return {
    calls: {
      async load(input) {
        model = await llama.loadModel({ ...LoadSchema.parse(input), gpuLayers: 0 })
        context = await model.createContext({
          contextSize: CONTEXT_TOKENS,
          batchSize: MAX_BATCH_TOKENS,
          sequences: 1,
          threads: THREADS,
        })
        sequence = context.getSequence()
        return null
      },
      async decode(input) {
        const { prompt, tokens } = DecodeInputSchema.parse(input)
        if (!sequence) throw new Error('no model is loaded')
        const watch = startWatch()
        const answer: number[] = []
        // Temperature 0 is greedy; the end of a text does not end the measurement.
        for await (const token of sequence.evaluate([...prompt] as Token[], { temperature: 0, yieldEogToken: true })) {
          watch.onToken()
          answer.push(token)
          if (answer.length > tokens) break
        }
        await sequence.clearHistory()
        return { answer, ...watch.times() }
      },
    },
    async close() {
      await context?.dispose()
      await model?.dispose()
      await llama.dispose()
    },
  }
}
