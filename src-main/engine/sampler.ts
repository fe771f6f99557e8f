import { EspalierError } from '../../src-shared/errors'
import type { Pointer } from './abi'
import type { LlamaApi } from './api'
import { hasPenalties, type Sampling, seedAt } from './sampling'

/** llama.cpp's samplers of one sequence. `free` once. */
export interface Sampler {
  /** Chooses from the logits of a computed row; `position` is that row's place in its sequence. */
  sample(context: Pointer, row: number, position: number): number
  free(): void
}

const KEEP_AT_LEAST_ONE = 1

/** Throws BAD_ARGUMENT for a history with tokens that the model does not have. */
export function createSampler(api: LlamaApi, sampling: Sampling, vocabSize: number): Sampler {
  const { temperature, topK, topP, minP, history } = sampling
  const unknown = history.find((token) => token >= vocabSize)
  if (unknown !== undefined) throw new EspalierError('BAD_ARGUMENT', `token ${unknown} is not in the vocabulary`)
  const draws = temperature > 0
  const chain = api.samplerChainInit({ no_perf: true })
  // The order is llama.cpp's own (common/sampling.cpp): what cuts by rank or share comes before the temperature.
  const links = [
    ...(hasPenalties(sampling)
      ? [
          api.samplerPenalties(
            vocabSize,
            sampling.penaltyTokens,
            sampling.repeatPenalty,
            sampling.frequencyPenalty,
            sampling.presencePenalty,
          ),
        ]
      : []),
    ...(draws && topK > 0 ? [api.samplerTopK(topK)] : []),
    ...(draws && topP < 1 ? [api.samplerTopP(topP, KEEP_AT_LEAST_ONE)] : []),
    ...(draws && minP > 0 ? [api.samplerMinP(minP, KEEP_AT_LEAST_ONE)] : []),
    ...(draws ? [api.samplerTemperature(temperature)] : [api.samplerGreedy()]),
  ]
  for (const link of links) api.samplerChainAdd(chain, link)
  for (const token of history) api.samplerAccept(chain, token)

  return {
    sample(context, row, position) {
      if (!draws) return api.samplerSample(chain, context, row)
      // A generator of its own for each position: one that ran on could not be taken up on another node.
      api.samplerChainAdd(chain, api.samplerDraw(seedAt(sampling.seed, position)))
      try {
        return api.samplerSample(chain, context, row)
      } finally {
        api.samplerFree(api.samplerChainRemove(chain, links.length))
      }
    },
    // A chain owns its links.
    free: () => api.samplerFree(chain),
  }
}
