import { expect, it } from 'vitest'
import { PLAIN_SAMPLING, SamplingSchema, samplingAfter, seedAt } from './sampling'

const choice = { ...PLAIN_SAMPLING, seed: 7, repeatPenalty: 1.2, penaltyTokens: 3 }

it('keeps as much of the text as the penalties look at, oldest first', () => {
  expect(samplingAfter(choice, Int32Array.of(1, 2, 3, 4, 5)).history).toEqual([3, 4, 5])
  expect(samplingAfter(choice, [9]).history).toEqual([9])
  expect(samplingAfter({ ...choice, repeatPenalty: 1 }, [1, 2, 3]).history).toEqual([])
})

it('gives each position a seed of its own, the same one every time, and never the one that means "random"', () => {
  const seeds = Array.from({ length: 20_000 }, (_, position) => seedAt(42, position))
  expect(new Set(seeds).size).toBe(seeds.length)
  expect(seedAt(42, 17)).toBe(seeds[17])
  expect(seedAt(43, 17)).not.toBe(seeds[17])
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 0xffff_ffff)).toBe(true)
})

it('refuses what would harm or hang the sampler', () => {
  const isAccepted = (changes: object) => SamplingSchema.safeParse({ ...choice, history: [], ...changes }).success
  expect(isAccepted({})).toBe(true)
  const wrong = [
    { temperature: Number.NaN },
    { temperature: -1 },
    { topP: 1.5 },
    { repeatPenalty: 0 },
    { frequencyPenalty: Number.POSITIVE_INFINITY },
    { seed: 2 ** 32 },
    { penaltyTokens: 100_000 },
    { history: Array.from({ length: 2_000 }, () => 1) },
    { history: [-1] },
    { grammar: 'x' },
  ]
  for (const changes of wrong) expect(isAccepted(changes), JSON.stringify(changes)).toBe(false)
})
