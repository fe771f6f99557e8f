import { afterEach, expect, it } from 'vitest'
import { checkPeer } from '../../src-main/pipeline/check'
import type { Move } from '../../src-main/pipeline/failover/failover'
import { BOUND_PROTOCOL } from '../../src-main/pipeline/frames'
import { generate } from '../../src-main/pipeline/generate'
import type { Candidate } from '../../src-main/pipeline/route'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { systemClock } from '../../src-shared/clock'
import { connectAll, type StageNode, startAsker, startStageNode } from './stage-network'

const WIDTH = 4
const BLOCKS = 2
const STAGES = 2
/** Two batches; then each answer is one of its own. */
const PROMPT = Int32Array.from({ length: 40 }, (_, i) => i)
const TOKENS = 6

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release().catch(() => undefined)
})

/** Each answer is its row. @param stopsAt from this row on it takes what comes and computes nothing */
function runnerOf(stage: number, stopsAt = Number.POSITIVE_INFINITY): StageRunner {
  const start = stage * BLOCKS
  let next = 0
  return {
    ...{ blocks: { start, end: start + BLOCKS }, blockCount: STAGES * BLOCKS, embeddingLength: WIDTH, root: 'root' },
    ...{ maxBatchTokens: 256, contextTokens: 1024, openSequence: () => next++, closeSequence: () => undefined },
    async run({ rows, position, answer }) {
      const count = 'tokens' in rows ? rows.tokens.length : rows.hidden.length / WIDTH
      if (position + count > stopsAt) await new Promise(() => undefined)
      const isLast = stage === STAGES - 1
      const token = isLast && answer !== 'none' ? position + count : null
      return { hidden: isLast ? null : new Float32Array(count * WIDTH), token, logits: null, computeMs: 1 }
    },
  }
}

it('a node that answers and does not compute is left for its replica, and it is the one that it counts for', async () => {
  const start = async (runner: StageRunner): Promise<StageNode> => {
    const node = await startStageNode(() => runner)
    releases.push(node.stop)
    return node
  }
  const first = await start(runnerOf(0))
  const hung = await start(runnerOf(1, 42))
  const replica = await start(runnerOf(1))
  await connectAll(first.host, [hung, replica])
  const candidates: Candidate[] = [
    { peer: first.peer, start: 0, end: BLOCKS, cost: 1 },
    { peer: hung.peer, start: BLOCKS, end: 2 * BLOCKS, cost: 0 },
    { peer: replica.peer, start: BLOCKS, end: 2 * BLOCKS, cost: 1 },
  ]
  const moves: Move[] = []
  const marks: [peer: string, code: string, weight: number][] = []
  const asker = await startAsker(() => candidates, {
    blockCount: STAGES * BLOCKS,
    events: {
      onMove: (move) => void moves.push(move),
      onLost: (peer, { code }, weight) => void marks.push([peer, code, weight]),
    },
  })
  releases.push(asker.stop)
  await connectAll(asker.host, [first, hung, replica])

  const answer = await generate({
    ...{ pipeline: asker.failover, clock: systemClock, root: 'root', prompt: PROMPT, maxTokens: TOKENS },
    vocabulary: { tokenize: async () => PROMPT, piece: async () => new Uint8Array(), endOfText: null },
    route: candidates.slice(0, 2),
    ...{ contextTokens: 1024, ignoresEndOfText: true, signal: AbortSignal.timeout(60_000), onToken: () => undefined },
  })
  expect(answer.tokens).toEqual(Array.from({ length: TOKENS }, (_, i) => PROMPT.length + i))
  expect(marks).toEqual([[hung.peer, 'TIMED_OUT', 1]])
  // The stage before it was not asked to compute again.
  expect(moves).toMatchObject([{ lost: { peer: hung.peer }, recomputedBy: 'stage', differentAnswers: 0 }])
  expect(moves[0]?.error.cause).toContain('it has computed 42 of the 43 rows that it has')
}, 60_000)

it('how far a session is goes to its entry alone, and to nobody who speaks an older version', async () => {
  const node = await startStageNode(() => runnerOf(0))
  const stranger = await startStageNode(() => null)
  const asker = await startAsker(() => [], { blockCount: BLOCKS })
  releases.push(node.stop, stranger.stop, asker.stop)
  await connectAll(asker.host, [node])
  await connectAll(stranger.host, [node])
  const id = 'ab'.repeat(16)
  const opening = asker.pipeline.openSession({
    ...{ root: 'root', route: [{ peer: node.peer, start: 0, end: BLOCKS }], contextTokens: 8, wantsLogits: false, id },
    signal: AbortSignal.timeout(20_000),
  })
  const session = await opening
  await session.send(Int32Array.of(1, 2, 3), 0, false)
  const ask = async (host: StageNode['host']) =>
    (await checkPeer(host, node.host.peerId, AbortSignal.timeout(5_000), id)).progress
  await expect.poll(() => ask(asker.host)).toEqual({ stands: 'open', received: 3, computed: 3, passed: 3 })
  expect(await ask(stranger.host)).toEqual({ stands: 'unknown', received: 0, computed: 0, passed: 0 })
  await node.host.unhandle(BOUND_PROTOCOL)
  expect(await ask(asker.host)).toBeUndefined()
  await session.close()
})
