import { describe, expect, it } from 'vitest'
import { PLAIN_SAMPLING, type Sampling } from '../engine/sampling'
import { sampleLogits } from './sample-logits'

const LOGITS = Float32Array.of(2, 1, 0, -1, 2.5)
const sampling = (change: Partial<Sampling> = {}): Sampling => ({ ...PLAIN_SAMPLING, seed: 7, history: [], ...change })

function shares(change: Partial<Sampling>, draws = 20_000): number[] {
  const counts = LOGITS.map(() => 0)
  for (let position = 0; position < draws; position++) {
    const token = sampleLogits(LOGITS, sampling(change), [], position)
    counts[token] = (counts[token] ?? 0) + 1
  }
  return [...counts].map((count) => count / draws)
}

function softmax(temperature: number, kept: readonly number[] = [0, 1, 2, 3, 4]): number[] {
  const weights = [...LOGITS].map((logit, token) => (kept.includes(token) ? Math.exp(logit / temperature) : 0))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

describe('tokens chosen by the entry', () => {
  it('are the likeliest without sampling, and at temperature 0', () => {
    expect(sampleLogits(LOGITS, undefined, [], 3)).toBe(4)
    expect(sampleLogits(LOGITS, sampling({ temperature: 0 }), [], 3)).toBe(4)
  })

  it.each<[string, Partial<Sampling>, number[]]>([
    ['the model’s own distribution', {}, softmax(1)],
    ['temperature', { temperature: 0.5 }, softmax(0.5)],
    ['top-k', { topK: 2 }, softmax(1, [4, 0])],
    // 0.51 and 0.31 are the two likeliest.
    ['top-p', { topP: 0.6 }, softmax(1, [4, 0])],
    ['min-p: at least half as likely as the likeliest', { minP: 0.5 }, softmax(1, [4, 0])],
  ])('follow %s', (_, change, expected) => {
    for (const [token, share] of shares(change).entries()) expect(share).toBeCloseTo(expected[token] ?? 0, 1)
  })

  it('depend on seed and position alone', () => {
    const draw = (seed: number) =>
      Array.from({ length: 30 }, (_, position) => sampleLogits(LOGITS, sampling({ seed }), [], position))
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  it('are held against those that were there before', () => {
    const choice = sampling({ temperature: 0, repeatPenalty: 2, penaltyTokens: 4 })
    expect(sampleLogits(LOGITS, choice, [4], 0)).toBe(0)
    expect(sampleLogits(LOGITS, choice, [4, 0, 0, 1, 1, 1, 1], 0)).toBe(4)
    expect(sampleLogits(LOGITS, sampling({ temperature: 0, presencePenalty: 1 }), [4], 0)).toBe(0)
    expect(sampleLogits(LOGITS, sampling({ temperature: 0, frequencyPenalty: 0.3 }), [4], 0)).toBe(4)
    expect(sampleLogits(LOGITS, sampling({ temperature: 0, frequencyPenalty: 0.3 }), [4, 4], 0)).toBe(0)
  })
})
