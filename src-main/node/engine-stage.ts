import type { EngineClient } from '../engine/engine'
import type { LoadReport, RunItem } from '../engine/protocol'
import type { StageInput, StageRunner } from '../pipeline/stage-runner'
import { createStepQueue } from '../pipeline/step-queue'
import type { ShardTarget } from './load-ladder'

const WANTED = { none: 'none', token: 'greedy', logits: 'last', sampled: 'sampled' } as const

/** Shows a loaded engine to the pipeline as a stage. */
export function createEngineStage(
  engine: EngineClient,
  { manifest, range }: Pick<ShardTarget, 'manifest' | 'range'>,
  report: LoadReport,
  contextTokens: number,
): StageRunner {
  const { embeddingLength, maxBatchTokens } = report
  const queue = createStepQueue({
    embeddingLength,
    maxBatchTokens,
    async compute(inputs) {
      const { items, computeMs } = await engine.run({ items: inputs.map(itemOf) })
      return items.map(({ hidden, logits, token }) => ({
        ...{ hidden, logits, computeMs },
        token: token ?? greedyToken(logits),
      }))
    },
  })
  return {
    blocks: range,
    blockCount: manifest.blockCount,
    embeddingLength,
    root: manifest.root,
    maxBatchTokens,
    contextTokens,
    openSequence(sampling) {
      const sequence = engine.openSequence()
      // The engine works in order, so the sampler is there before the first rows; without it those are refused.
      if (sampling) engine.setSampler(sequence, sampling).catch(() => undefined)
      return sequence
    },
    closeSequence(sequence) {
      queue.drop(sequence)
      // A process that has ended has forgotten its sequences too.
      engine.closeSequence(sequence).catch(() => undefined)
    },
    run: (input) => queue.run(input),
  }
}

function itemOf({ sequence, position, rows, answer }: StageInput): RunItem {
  return { ...rows, sequence, position, wantLogits: WANTED[answer] }
}

/** The lowest of the tokens with the highest logit, as the engine itself chooses. */
export function greedyToken(logits: Float32Array | null): number | null {
  if (!logits) return null
  let best = 0
  for (let token = 1; token < logits.length; token++) {
    if ((logits[token] ?? Number.NEGATIVE_INFINITY) > (logits[best] ?? Number.NEGATIVE_INFINITY)) best = token
  }
  return best
}
