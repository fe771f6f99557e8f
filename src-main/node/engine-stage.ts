import { EspalierError } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { LoadReport } from '../engine/protocol'
import type { StageRunner } from '../pipeline/stage-runner'
import type { ShardTarget } from './load-ladder'

const WANTED = { none: 'none', token: 'greedy', logits: 'last', sampled: 'sampled' } as const

/** Shows a loaded engine to the pipeline as a stage. */
export function createEngineStage(
  engine: EngineClient,
  { manifest, range }: Pick<ShardTarget, 'manifest' | 'range'>,
  report: LoadReport,
  contextTokens: number,
): StageRunner {
  return {
    blocks: range,
    blockCount: manifest.blockCount,
    embeddingLength: report.embeddingLength,
    root: manifest.root,
    maxBatchTokens: report.maxBatchTokens,
    contextTokens,
    openSequence(sampling) {
      const sequence = engine.openSequence()
      // The engine works in order, so the sampler is there before the first rows; without it those are refused.
      if (sampling) engine.setSampler(sequence, sampling).catch(() => undefined)
      return sequence
    },
    closeSequence(sequence) {
      // A process that has ended has forgotten its sequences too.
      engine.closeSequence(sequence).catch(() => undefined)
    },
    async run({ sequence, position, rows, answer }) {
      const wantLogits = WANTED[answer]
      const { items, computeMs } = await engine.run({ items: [{ ...rows, sequence, position, wantLogits }] })
      const [item] = items
      if (!item) throw new EspalierError('ENGINE_DECODE_FAILED', 'an empty result')
      return { hidden: item.hidden, logits: item.logits, token: item.token ?? greedyToken(item.logits), computeMs }
    },
  }
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
