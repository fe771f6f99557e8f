import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { SAMPLE_MODEL } from '../../src-main/engine/testing/test-engine'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import { generate, type Vocabulary } from '../../src-main/pipeline/generate'
import type { Offer } from '../../src-main/pipeline/routing/route-book'
import { createRouter } from '../../src-main/pipeline/routing/router'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { createEventLog, type LogEvent } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import {
  CONTEXT_TOKENS,
  CUTS,
  connectAll,
  openSlices,
  type StageNode,
  startAsker,
  startStageNode,
} from './stage-network'

let slices: Awaited<ReturnType<typeof openSlices>>
let vocabulary: Vocabulary
beforeAll(async () => {
  slices = await openSlices()
  const tokenizer = await slices.factory.start()
  vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
})
afterAll(() => slices?.close())
const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

/** A node whose blocks have gone wrong, though they were proven once. */
const faulty = (runner: StageRunner): StageRunner => ({
  ...runner,
  async run(input) {
    const output = await runner.run(input)
    return { ...output, hidden: output.hidden?.map((value) => -value) ?? null }
  },
})

/** Nodes by stage; the first of each stage is chosen, because it announces to be the quickest. */
async function network(stages: ('good' | 'faulty')[][]) {
  const nodes: StageNode[] = []
  const offers: Offer[] = []
  for (const [stage, kinds] of stages.entries()) {
    for (const [rank, kind] of kinds.entries()) {
      const runner = slices.runners[stage]
      if (!runner) throw new Error('no such stage')
      const node = await startStageNode(() => (kind === 'faulty' ? faulty(runner) : runner))
      releases.push(node.stop)
      nodes.push(node)
      const place = { start: CUTS[stage] ?? 0, end: CUTS[stage + 1] ?? 0 }
      offers.push({ peer: node.peer, ...place, announcedS: 0.01 + rank * 5, cacheTokensLeft: null, pingsS: null })
    }
  }
  for (const { host } of nodes) await connectAll(host, nodes)
  const asker = await startAsker(() => [], { blockCount: slices.manifest.blockCount })
  releases.push(asker.stop)
  await connectAll(asker.host, nodes)
  const log = createEventLog(systemClock, null)
  const events: LogEvent[] = []
  log.subscribe((event) => void events.push(event))
  // Always the middle stage, and its first replica.
  const draw = (limit: number) => (limit === 3 ? 1 : 0)
  const router = createRouter({
    host: asker.host,
    pipeline: asker.pipeline,
    clock: systemClock,
    log,
    draw,
    spotCheckEvery: 1,
  })
  const { root, blockCount } = slices.manifest
  const routed = router.request({ root, blockCount, offers: async () => offers }, CONTEXT_TOKENS)
  const signal = AbortSignal.timeout(60_000)
  const route = await routed.route(signal)
  const generation = await generate({
    ...{ pipeline: routed, vocabulary, clock: systemClock, root, route, signal, prompt: 'A hacker is' },
    ...{ maxTokens: 24, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true, onToken: () => undefined },
  })
  routed.trace(generation)
  await expect.poll(() => events.some(({ code }) => code === 'route.spot-check'), { timeout: 20_000 }).toBe(true)
  const incidents = (node: number) => router.scores.standing(nodes[node]?.peer ?? '').incidents
  return { nodes, incidents }
}

it('a replica that computes the same agrees, and nobody loses anything', async () => {
  const { nodes, incidents } = await network([['good'], ['good', 'good'], ['good']])
  expect(nodes.map((_, i) => incidents(i))).toEqual([[], [], [], []])
})

it('D-T44: of two that disagree neither is believed: both lose half, and both owners are told with evidence', async () => {
  const { nodes, incidents } = await network([['good'], ['faulty', 'good'], ['good']])
  for (const [node, other] of [
    [1, 2],
    [2, 1],
  ] as const) {
    expect(incidents(node)).toMatchObject([
      { code: 'SPOT_CHECK_DISAGREED', weight: 0.5, cause: expect.stringContaining(nodes[other]?.peer ?? '') },
    ])
    await expect
      .poll(() => nodes[node]?.log.filter(({ code }) => code === 'pipeline.notice').map(({ message }) => message))
      .toEqual([expect.stringMatching(/says of this node: .*blocks 3–5 .*token \d+ at position \d+.* logits/)])
  }
  expect(incidents(0)).toEqual([])
})

it('D-T44: a third node decides who is wrong: here the one that served', async () => {
  const served = await network([['good'], ['faulty', 'good', 'good'], ['good']])
  expect([1, 2, 3].map((node) => served.incidents(node).map(({ weight }) => weight))).toEqual([[1], [], []])
})

it('D-T44: or the one that checked', async () => {
  const checked = await network([['good'], ['good', 'faulty', 'good'], ['good']])
  expect([1, 2, 3].map((node) => checked.incidents(node).map(({ weight }) => weight))).toEqual([[], [1], []])
})
