import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { maxDifference, openReference, type Reference } from '../../src-main/demo/parity'
import { evenCuts } from '../../src-main/engine/testing/slice-chain'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL } from '../../src-main/engine/testing/test-engine'
import { testPrompt } from '../../src-main/engine/testing/transcript'
import { type Generation, generate } from '../../src-main/pipeline/generate'
import { systemClock } from '../../src-shared/clock'
import { connectAll, openSlices, type StageNode, startAsker, startStageNode } from '../failover/stage-network'

const CONTEXT_TOKENS = 384
const TOKENS = 12
const PROMPTS = [1, 7, 300]
const VOCABULARY_SIZE = 2048
/** Sessions beside the compared ones, one after the other: on a machine that has more to do, they are most of the work. */
const OTHERS = 8
/** In logits, whose spread is about 3. Measured: see docs/measurements.md. */
const HALF_PRECISION_BOUND = 0.5

type Answer = Generation & { logits: Float32Array[] }

let factory: EngineFactory | null = null
let reference: Reference | null = null
const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})
afterAll(async () => {
  await reference?.close()
  await factory?.close()
})

/** One process with the whole model. */
async function wholeModel(): Promise<Reference> {
  const engines = factory ?? (await createEngineFactory())
  factory = engines
  reference ??= await openReference({
    ...{ modelPath: SAMPLE_MODEL, spawnEngine: () => engines.spawn() },
    ...{ contextTokens: CONTEXT_TOKENS, maxBatchTokens: 128 },
  })
  return reference
}

/** As many real nodes as stages, each with its own engine process, and somebody who asks. */
async function chainOf(stages: number) {
  const cuts = evenCuts(8, stages)
  const slices = await openSlices(cuts, CONTEXT_TOKENS)
  releases.push(slices.close)
  const nodes: StageNode[] = []
  for (const runner of slices.runners) {
    const node = await startStageNode(() => runner)
    releases.push(node.stop)
    nodes.push(node)
  }
  for (const { host } of nodes) await connectAll(host, nodes)
  const asker = await startAsker(() => [], { blockCount: 8 })
  releases.push(asker.stop)
  await connectAll(asker.host, nodes)
  const route = nodes.map(({ peer }, i) => ({ peer, start: cuts[i] ?? 0, end: cuts[i + 1] ?? 0 }))

  async function ask(prompt: Int32Array, options: { exact: boolean; maxTokens?: number }): Promise<Answer> {
    const logits: Float32Array[] = []
    const generation = await generate({
      ...{ pipeline: asker.pipeline, clock: systemClock, root: slices.manifest.root, route, prompt },
      vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
      ...{ maxTokens: options.maxTokens ?? TOKENS, contextTokens: CONTEXT_TOKENS, exact: options.exact },
      ...{ ignoresEndOfText: true, wantsLogits: true, signal: AbortSignal.timeout(120_000) },
      onToken: (token) => void (token.logits && logits.push(token.logits)),
    })
    return { ...generation, logits }
  }
  return { ask, nodes, engines: slices.engines }
}

/** The largest difference as long as both say the same; afterwards they answer different questions. */
function differenceWhileEqual(one: Answer, other: Answer): number {
  const end = one.tokens.findIndex((token, i) => token !== other.tokens[i])
  const same = end < 0 ? one.tokens.length : end + 1
  return maxDifference(one.logits.slice(0, same), other.logits.slice(0, same))
}

describe('exact sessions and one process that runs the same batches', () => {
  it.each([2, 3, 8])('%i stages: same tokens and logits, several at once, while others come and go', async (stages) => {
    const { ask, nodes } = await chainOf(stages)
    const whole = await wholeModel()
    let isOver = false
    const others = (async () => {
      for (let seed = 1; !isOver && seed <= OTHERS; seed++) {
        await ask(testPrompt(1 + ((seed * 37) % 90), VOCABULARY_SIZE, seed), { exact: false, maxTokens: 3 })
      }
    })()
    // Its failure is reported where it is awaited.
    others.catch(() => undefined)
    const answers = await Promise.all(
      PROMPTS.map((length) => ask(testPrompt(length, VOCABULARY_SIZE, 100 + length), { exact: true })),
    )
    isOver = true
    await others
    for (const answer of answers) {
      const expected = await whole.repeat(answer)
      expect(answer.tokens).toEqual(expected.tokens)
      expect(maxDifference(answer.logits, expected.logits)).toBe(0)
    }
    expect(new Set(answers.flatMap(({ tokens }) => tokens)).size).toBeGreaterThan(4)
    await expect.poll(() => nodes.map(({ pipeline }) => pipeline.activeSessions)).toEqual(nodes.map(() => 0))
  })
})

describe('sessions that are not exact', () => {
  it('differ from exact ones by what half precision rounds, and by no more', async () => {
    const { ask } = await chainOf(3)
    const differences: number[] = []
    for (const length of PROMPTS) {
      const prompt = testPrompt(length, VOCABULARY_SIZE, 100 + length)
      differences.push(differenceWhileEqual(await ask(prompt, { exact: false }), await ask(prompt, { exact: true })))
    }
    console.info(`largest logit differences of half precision over two hops: ${differences.join(', ')}`)
    expect(Math.min(...differences)).toBeGreaterThan(0)
    expect(Math.max(...differences)).toBeLessThan(HALF_PRECISION_BOUND)
  })

  it('share calls of the engines, and say what they say alone', async () => {
    const { ask, engines } = await chainOf(2)
    const prompts = [3, 9, 20, 40].map((length) => testPrompt(length, VOCABULARY_SIZE, length))
    const alone: Answer[] = []
    for (const prompt of prompts) alone.push(await ask(prompt, { exact: false, maxTokens: 40 }))
    const runs = engines.map((engine) => vi.spyOn(engine, 'run'))
    const together = await Promise.all(prompts.map((prompt) => ask(prompt, { exact: false, maxTokens: 40 })))
    for (const run of runs) {
      const sizes = run.mock.calls.map(([{ items }]) => items.length)
      expect(Math.max(...sizes)).toBeGreaterThan(1)
    }
    for (const [i, answer] of together.entries()) {
      expect(differenceWhileEqual(answer, alone[i] as Answer)).toBeLessThan(HALF_PRECISION_BOUND)
    }
  })
})
