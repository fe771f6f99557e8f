import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { EngineClient } from './engine'
import { PLAIN_SAMPLING, type SamplingChoice, samplingAfter } from './sampling'
import { sliceModel } from './testing/slice-chain'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL, testSpec } from './testing/test-engine'

let factory: EngineFactory
let directory: string
let first: EngineClient
let last: EngineClient
let prompt: Int32Array

// The last slice has no vocabulary, as on every node that serves the end of a model.
beforeAll(async () => {
  factory = await createEngineFactory()
  directory = await mkdtemp(join(tmpdir(), 'sampler-'))
  const { entry, slices } = await sliceModel(SAMPLE_MODEL, [0, 4, 8], directory)
  first = await factory.start()
  await first.load(testSpec({ slicePath: slices[0]!, entryPath: entry, isLast: false }))
  last = await factory.start()
  await last.load(testSpec({ slicePath: slices[1]!, isLast: true }))
  prompt = await first.tokenize('The gardener')
})
afterAll(async () => {
  await factory.close()
  await rm(directory, { recursive: true, force: true })
})
let sequences: { first: number; last: number }
beforeEach(() => {
  sequences = { first: first.openSequence(), last: last.openSequence() }
  return async () => {
    await first.closeSequence(sequences.first)
    await last.closeSequence(sequences.last)
  }
})

async function step(tokens: Int32Array, position: number, wantLogits: 'sampled' | 'greedy' | 'last') {
  const through = await first.run({
    items: [{ sequence: sequences.first, position, tokens, wantLogits: 'none' }],
  })
  const { items } = await last.run({
    items: [{ sequence: sequences.last, position, hidden: through.items[0]!.hidden!, wantLogits }],
  })
  return items[0]!
}

/** `before`: tokens that were chosen elsewhere already. */
async function answer(choice: SamplingChoice | null, count: number, before: number[] = []): Promise<number[]> {
  for (const [engine, sequence] of [
    [first, sequences.first],
    [last, sequences.last],
  ] as const) {
    await engine.trimSequence(sequence, 0)
  }
  const text = Int32Array.of(...prompt, ...before)
  if (choice) await last.setSampler(sequences.last, samplingAfter(choice, text))
  const wanted = choice ? 'sampled' : 'greedy'
  const tokens: number[] = []
  let next = text
  let position = 0
  while (tokens.length < count) {
    const { token } = await step(next, position, wanted)
    position += next.length
    tokens.push(token!)
    next = Int32Array.of(token!)
  }
  return tokens
}

const warm = { ...PLAIN_SAMPLING, seed: 11 }

it('the same seed gives the same answer, another seed another', async () => {
  const one = await answer(warm, 24)
  expect(await answer(warm, 24)).toEqual(one)
  expect(await answer({ ...warm, seed: 12 }, 24)).not.toEqual(one)
})

it('an answer that goes on in another sequence goes on with the same tokens, penalties included', async () => {
  const choice = { ...warm, temperature: 1.3, repeatPenalty: 1.3, frequencyPenalty: 0.4, penaltyTokens: 16 }
  const whole = await answer(choice, 30)
  expect(await answer(choice, 18, whole.slice(0, 12))).toEqual(whole.slice(12))
})

it('temperature 0, and only one token to choose from, are the greedy answer', async () => {
  const greedy = await answer(null, 24)
  expect(await answer({ ...warm, temperature: 0 }, 24)).toEqual(greedy)
  expect(await answer({ ...warm, topK: 1 }, 24)).toEqual(greedy)
  expect(await answer({ ...warm, topP: 0 }, 24)).toEqual(greedy)
  expect(await answer({ ...warm, minP: 1 }, 24)).toEqual(greedy)
})

it('draws follow the model’s distribution, and top-k and min-p cut it', async () => {
  const { logits } = await step(prompt, 0, 'last')
  const highest = Math.max(...logits!)
  const shares = Array.from(logits!, (logit) => Math.exp(logit - highest))
  const sum = shares.reduce((total, share) => total + share, 0)
  const ranked = Array.from(shares.keys()).sort((a, b) => shares[b]! - shares[a]!)
  const draw = async (changes: Partial<SamplingChoice>) => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 300; seed++) {
      const [token] = await answer({ ...warm, ...changes, seed }, 1)
      counts.set(token!, (counts.get(token!) ?? 0) + 1)
    }
    return counts
  }
  const counts = await draw({})
  const top = ranked[0]!
  const expected = shares[top]! / sum
  // Five standard deviations of 300 draws; the seeds are fixed, so this either holds always or never.
  const room = 5 * Math.sqrt((expected * (1 - expected)) / 300)
  expect(Math.abs((counts.get(top) ?? 0) / 300 - expected)).toBeLessThan(room)
  expect(counts.size).toBeGreaterThan(3)
  expect([...(await draw({ topK: 3 })).keys()].every((token) => ranked.slice(0, 3).includes(token))).toBe(true)
  const byShare = [...(await draw({ minP: 0.2 })).keys()]
  expect(byShare.every((token) => shares[token]! >= 0.2 * shares[top]! * 0.999)).toBe(true)
})

it('a repetition penalty keeps tokens of the prompt and of the answer away', async () => {
  const greedy = await answer(null, 40)
  const varied = await answer({ ...warm, temperature: 0, repeatPenalty: 5, penaltyTokens: 128 }, 40)
  expect(new Set(varied).size).toBeGreaterThan(new Set(greedy).size)
})

it('a sampler ends with its sequence, and what it can’t use is refused', async () => {
  await answer(warm, 2)
  await last.trimSequence(sequences.last, 0)
  await expect(answerWithout()).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  const sampling = { ...samplingAfter(warm, []), history: [1_000_000] }
  await expect(last.setSampler(sequences.last, sampling)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await expect(first.setSampler(sequences.first, samplingAfter(warm, []))).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
  })
  await expect(last.setSampler(200, samplingAfter(warm, []))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
})

async function answerWithout() {
  await first.trimSequence(sequences.first, 0)
  return step(prompt, 0, 'sampled')
}
