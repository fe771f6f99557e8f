import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineClient } from '../../src-main/engine/engine'
import type { Device, EngineInput } from '../../src-main/engine/protocol'
import { evenCuts, runChain, runWhole, sliceModel } from '../../src-main/engine/testing/slice-chain'
import {
  createEngineFactory,
  type EngineFactory,
  SAMPLE_MODEL,
  testSpec,
} from '../../src-main/engine/testing/test-engine'
import { converse, type Transcript, testPrompt, transcriptDifference } from '../../src-main/engine/testing/transcript'

const ALL_LAYERS = 10_000
const STEPS = 4
/** Of one logit; their spread is about 3. A card rounds otherwise than a processor, and Q8_0 otherwise than f32. */
const TOLERANCE = 0.3

const VULKAN: EngineInput<'start'> = { accelerator: 'vulkan', directory: null }
const factory = await createEngineFactory(VULKAN)
const cards = await cardsOf(factory)
const words = cards.map(({ name, description }) => `${name}: ${description}`).join(', ')
console.log(
  cards.length > 0
    ? `On ${words}`
    : 'Skipped: no Vulkan device. On Debian, mesa-vulkan-drivers brings one that computes on the processor.',
)
afterAll(() => factory.close())

/** What an engine on the card says to the same conversation, whole and in slices. */
interface OnCard {
  name: string
  env: Record<string, string>
  /** Between the whole model and slices of it. */
  largestDifference: number
}

/**
 * llama.cpp's Vulkan back-end computes the sum at the end of a block and the norm at the beginning of the next in one
 * kernel, which a cut between the two undoes: the last bits differ unless the kernels stay apart in both.
 */
const WAYS: OnCard[] = [
  { name: 'kernels as they come', env: {}, largestDifference: 1e-3 },
  { name: 'kernels kept apart', env: { GGML_VK_DISABLE_FUSION: '1' }, largestDifference: 0 },
]

describe.skipIf(cards.length === 0).each(WAYS)('slices on a Vulkan device, $name', ({ env, largestDifference }) => {
  const prompts = [1, 7].map((length, index) => testPrompt(length, 2048, 17 + index))
  const onCard = { gpuLayers: ALL_LAYERS, gpuNames: cards.map(({ name }) => name) }
  let directory: string
  let engines: EngineFactory
  let processors: EngineFactory
  let whole: Transcript
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'engine-vulkan-'))
    engines = await createEngineFactory(VULKAN, env)
    processors = await createEngineFactory()
    const { run, engine } = await runWhole(engines, SAMPLE_MODEL, onCard)
    whole = await converse(run, prompts, STEPS)
    await engine.stop()
  })
  afterAll(async () => {
    await engines.close()
    await processors.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('S-06: the cards that were asked for are the cards that were used', async () => {
    const engine = await engines.start()
    const report = await engine.load(testSpec({ ...onCard, slicePath: SAMPLE_MODEL, wholeModel: true, isLast: true }))
    await engine.stop()
    expect(report.cards.map(({ name }) => name)).toEqual(onCard.gpuNames)
  })

  it('gives what the processor gives, but for rounding', async () => {
    const { run, engine } = await runWhole(processors, SAMPLE_MODEL)
    const onProcessor = await converse(run, prompts, 0)
    await engine.stop()
    const difference = transcriptDifference(onProcessor, { ...whole, logits: whole.logits.slice(0, prompts.length) })
    console.log(`largest difference of a logit to the processor's: ${difference}`)
    // The very same bits would say that nothing was computed on the card.
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(TOLERANCE)
  })

  it.each([1, 2, 3])('%i slices: the same tokens and logits as the whole model', async (parts) => {
    const into = await mkdtemp(join(directory, `${parts}-`))
    const chain = await runChain(engines, await sliceModel(SAMPLE_MODEL, evenCuts(8, parts), into), onCard)
    const transcript = await converse(chain.run, prompts, STEPS)
    await chain.stop()
    const difference = transcriptDifference(transcript, whole)
    console.log(`largest difference of a logit, ${parts} slices and the whole: ${difference}`)
    expect(transcript.tokens).toEqual(whole.tokens)
    expect(difference).toBeLessThanOrEqual(largestDifference)
  })
})

async function cardsOf({ spawn }: EngineFactory): Promise<Device[]> {
  const engine = new EngineClient(spawn())
  try {
    const { devices } = await engine.start(VULKAN)
    return devices.filter(({ kind }) => kind !== 'cpu')
  } catch {
    return []
  } finally {
    await engine.stop()
  }
}
