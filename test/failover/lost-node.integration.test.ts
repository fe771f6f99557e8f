import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReference } from '../../src-main/demo/parity'
import { SAMPLE_MODEL } from '../../src-main/engine/testing/test-engine'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import type { Move } from '../../src-main/pipeline/failover/failover'
import { generate, type Vocabulary } from '../../src-main/pipeline/generate'
import type { Candidate } from '../../src-main/pipeline/route'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import {
  CONTEXT_TOKENS,
  CUTS,
  connectAll,
  openSlices,
  type StageNode,
  startAsker,
  startStageNode,
} from './stage-network'

const TOKENS = 66
/** 64 generations, on a machine that may be busy. */
const TIMEOUT_MS = 600_000
const PROMPT = 'A hacker is somebody who'

let slices: Awaited<ReturnType<typeof openSlices>>
let asker: Awaited<ReturnType<typeof startAsker>>
let vocabulary: Vocabulary
let steady: StageNode[]
let candidates: Candidate[] = []
let moves: Move[] = []
/** Tokens that whoever asked has by now, and what they were told: by how many more the answer goes on. */
let had = 0
/** Rows that the engine of each steady node computed for it. */
let computed = [0, 0, 0]
let told: [what: 'left' | 'goes on', next: number][] = []

const place = (stage: number) => ({ start: CUTS[stage] ?? 0, end: CUTS[stage + 1] ?? 0 })

beforeAll(async () => {
  slices = await openSlices()
  const tokenizer = await slices.factory.start()
  vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
  steady = []
  for (const [stage, runner] of slices.runners.entries()) {
    steady.push(
      await startStageNode(() => counting(runner, (rows) => (computed[stage] = (computed[stage] ?? 0) + rows))),
    )
  }
  for (const node of steady) await connectAll(node.host, steady)
  asker = await startAsker(() => candidates, {
    ...{ blockCount: slices.manifest.blockCount, patienceMs: 300 },
    events: {
      onLeave: (_lost, _error, answer) => void told.push(['left', answer - had]),
      onMove(move, _route, answer) {
        moves.push(move)
        told.push(['goes on', answer - had])
      },
    },
  })
  await connectAll(asker.host, steady)
})
afterAll(async () => {
  await asker?.stop()
  for (const node of steady ?? []) await node.stop()
  await slices?.close()
})

function ask(onToken: (count: number) => void = () => undefined, logits: Float32Array[] = []) {
  had = 0
  return generate({
    ...{ pipeline: asker.failover, vocabulary, clock: systemClock, root: slices.manifest.root },
    ...{ route: routeOf(), prompt: PROMPT, maxTokens: TOKENS, contextTokens: CONTEXT_TOKENS },
    ...{ ignoresEndOfText: true, exact: true, wantsLogits: true, signal: AbortSignal.timeout(60_000) },
    onToken(token) {
      if (token.logits) logits.push(token.logits)
      onToken(++had)
    },
  })
}

const counting = (runner: StageRunner, onRows: (rows: number) => void): StageRunner => ({
  ...runner,
  async run(input) {
    const output = await runner.run(input)
    onRows('tokens' in input.rows ? input.rows.tokens.length : input.rows.hidden.length / runner.embeddingLength)
    return output
  },
})

/** The cheapest of each stage's candidates. */
const routeOf = () =>
  [0, 1, 2].map((stage) => {
    const [best] = candidates.filter(({ start }) => start === place(stage).start).toSorted((a, b) => a.cost - b.cost)
    return { peer: best?.peer ?? '', ...place(stage) }
  })

const offers = (nodes: readonly StageNode[], cost: number): Candidate[] =>
  nodes.map(({ peer }, stage) => ({ peer, ...place(stage), cost }))

/** A node that is cheaper than the steady one of its stage, and so chosen. */
async function victimOf(stage: number): Promise<StageNode> {
  const runner = slices.runners[stage]
  const victim = await startStageNode(() => runner ?? null)
  await connectAll(victim.host, steady)
  await connectAll(asker.host, [victim])
  for (const { host } of steady) await connectAll(host, [victim])
  return victim
}

describe('a node is lost in the middle of an answer (D-T28)', () => {
  let rows: number
  let expected: { tokens: number[]; logits: Float32Array[] }
  beforeAll(async () => {
    candidates = offers(steady, 10)
    const reference = await openReference({
      ...{ modelPath: SAMPLE_MODEL, spawnEngine: () => slices.factory.spawn() },
      ...{ contextTokens: CONTEXT_TOKENS, maxBatchTokens: 128 },
    })
    const answer = await ask()
    expected = await reference.repeat(answer)
    rows = answer.promptTokens.length + TOKENS - 1
    await reference.close()
    expect(answer.tokens).toEqual(expected.tokens)
    expect(new Set(answer.tokens).size).toBeGreaterThan(8)
  })

  it(
    'D-T28: with a replica, at every token 1…64, first, middle or last stage: identical output and logits',
    async () => {
      let slowestMs = 0
      for (let at = 1; at <= 64; at++) {
        const stage = at % 3
        const victim = await victimOf(stage)
        candidates = [...offers(steady, 10), { peer: victim.peer, ...place(stage), cost: 1 }]
        moves = []
        told = []
        computed = [0, 0, 0]
        let killed: Promise<void> | null = null
        const logits: Float32Array[] = []
        const answer = await ask((count) => {
          if (count === at) killed = victim.kill()
        }, logits)
        await killed
        expect(answer.tokens, `token ${at}, stage ${stage}`).toEqual(expected.tokens)
        expect(logits, `token ${at}, stage ${stage}`).toEqual(expected.logits)
        // A new last stage gives its answers again, and they are the same; another one is seen in what comes of it.
        expect(
          moves.map(({ lost, recomputedBy, differentAnswers }) => [lost.peer, recomputedBy, differentAnswers]),
        ).toEqual([[victim.peer, 'stage', stage === 2 ? 0 : null]])
        // Every row once: by those that stayed when it came, and by the new one to be where the lost one was.
        expect(computed, `token ${at}, stage ${stage}`).toEqual([rows, rows, rows])
        // Told as it happens: the next token is the one that follows those that were given.
        expect(told).toEqual([
          ['left', 1],
          ['goes on', 1],
        ])
        expect(answer.route.map(({ peer }) => peer)).toEqual(steady.map(({ peer }) => peer))
        slowestMs = Math.max(slowestMs, moves[0]?.elapsedMs ?? Number.POSITIVE_INFINITY)
      }
      expect(slowestMs).toBeLessThan(5_000)
      await expect.poll(() => steady.map(({ pipeline }) => pipeline.activeSessions)).toEqual([0, 0, 0])
    },
    TIMEOUT_MS,
  )

  it('a node that drains hands its sessions on while it is still there: identical output, and no wait for a silence', async () => {
    for (const stage of [0, 1, 2]) {
      const victim = await victimOf(stage)
      candidates = [...offers(steady, 10), { peer: victim.peer, ...place(stage), cost: 1 }]
      moves = []
      const logits: Float32Array[] = []
      const answer = await ask((count) => {
        if (count === 20) victim.pipeline.endSessions(new EspalierError('STAGE_LOST', 'other blocks are assigned'))
      }, logits)
      expect(answer.tokens).toEqual(expected.tokens)
      expect(logits).toEqual(expected.logits)
      expect(moves.map(({ lost, error }) => [lost.peer, error.cause])).toEqual([
        [victim.peer, expect.stringContaining('other blocks are assigned')],
      ])
      expect(moves.map(({ recomputedBy }) => recomputedBy)).toEqual(['stage'])
      expect(victim.pipeline.activeSessions).toBe(0)
      await victim.stop()
    }
  })

  it(
    'D-T28: without a replica, at every token 1…64: an error that names the missing blocks, and no place stays taken',
    async () => {
      for (let at = 1; at <= 64; at++) {
        const stage = at % 3
        const victim = await victimOf(stage)
        candidates = offers(steady, 10).map((one, index) =>
          index === stage ? { peer: victim.peer, ...place(stage), cost: 1 } : one,
        )
        let killed: Promise<void> | null = null
        const failure = await ask((count) => {
          if (count === at) killed = victim.kill()
        }).catch((error: unknown) => error)
        await killed
        const { start, end } = place(stage)
        const blocks = Array.from({ length: end - start }, (_, i) => start + i).join(', ')
        expect(String(failure), `token ${at}`).toContain(`blocks ${blocks}; `)
        expect(failure).toMatchObject({ code: 'CHAIN_INCOMPLETE' })
      }
      await expect.poll(() => steady.map(({ pipeline }) => pipeline.activeSessions)).toEqual([0, 0, 0])
    },
    TIMEOUT_MS,
  )
})
