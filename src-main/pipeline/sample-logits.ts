import { hasPenalties, type Sampling, seedAt } from '../engine/sampling'
import { highest } from '../engine/stage'

/**
 * Chooses a token from logits that came over the wire: nodes of KwaaiNet give those and leave the choice to the
 * caller, and so does a last stage when the answer has to fit a grammar. The caller's own llama.cpp has no context to
 * sample from. The same steps in the same order as `engine/sampler.ts`,
 * and a draw that depends on seed and position alone.
 * @param before the tokens of prompt and answer so far
 */
export function sampleLogits(
  logits: Float32Array,
  sampling: Sampling | undefined,
  before: readonly number[],
  position: number,
): number {
  if (!sampling) return highest(logits)
  const penalised = hasPenalties(sampling) ? withPenalties(logits, sampling, before) : logits
  if (sampling.temperature === 0) return highest(penalised)
  const kept = candidatesOf(penalised, sampling)
  const weights = weightsOf(kept, sampling.temperature)
  let left = unitAt(sampling.seed, position) * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return kept[index]?.token ?? 0
  }
  return kept.at(-1)?.token ?? 0
}

interface Candidate {
  readonly token: number
  readonly logit: number
}

function withPenalties(logits: Float32Array, sampling: Sampling, before: readonly number[]): Float32Array {
  const { repeatPenalty, frequencyPenalty, presencePenalty, penaltyTokens } = sampling
  const counts = new Map<number, number>()
  for (const token of before.slice(-penaltyTokens)) counts.set(token, (counts.get(token) ?? 0) + 1)
  const changed = logits.slice()
  for (const [token, count] of counts) {
    const logit = changed[token]
    if (logit === undefined) continue
    const repeated = logit > 0 ? logit / repeatPenalty : logit * repeatPenalty
    changed[token] = repeated - count * frequencyPenalty - presencePenalty
  }
  return changed
}

/** What is left after top-k, top-p and min-p, likeliest first. */
function candidatesOf(logits: Float32Array, { topK, topP, minP }: Sampling): Candidate[] {
  const ranked = Array.from(logits, (logit, token): Candidate => ({ token, logit })).sort(
    (a, b) => b.logit - a.logit || a.token - b.token,
  )
  let kept = topK > 0 ? ranked.slice(0, topK) : ranked
  if (topP < 1) {
    const weights = weightsOf(kept, 1)
    const enough = topP * weights.reduce((sum, weight) => sum + weight, 0)
    let sum = 0
    const last = weights.findIndex((weight) => {
      sum += weight
      return sum >= enough
    })
    kept = kept.slice(0, last < 0 ? kept.length : last + 1)
  }
  if (minP > 0) {
    const least = (kept[0]?.logit ?? 0) + Math.log(minP)
    kept = kept.filter(({ logit }, index) => index === 0 || logit >= least)
  }
  return kept
}

function weightsOf(candidates: readonly Candidate[], temperature: number): number[] {
  const most = candidates[0]?.logit ?? 0
  return candidates.map(({ logit }) => Math.exp((logit - most) / temperature))
}

/** In [0, 1). */
function unitAt(seed: number, position: number): number {
  return seedAt(seed, position) / 2 ** 32
}
