import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testPrompt } from '../../src-main/engine/testing/transcript'
import { BOUND_PROTOCOL } from '../../src-main/pipeline/frames'
import { generate } from '../../src-main/pipeline/generate'
import { type Clock, systemClock } from '../../src-shared/clock'
import { connectAll, openSlices, type StageNode, startAsker, startStageNode } from '../failover/stage-network'
import { seededRandom } from '../models/random'

const CUTS = [0, 4, 8]
const SESSIONS = 200
/** One more than there are places, so that some are refused. */
const AT_ONCE = 5
const CONTEXT_TOKENS = 96
/** What a heap may grow from the middle of the run to its end: a leaked session holds more than 20 kB. */
const GROWTH_BYTES = 2 * 1024 ** 2

/** So little memory that what is kept of a prompt goes to disk. */
const KEEPING = { sessionMemoryBytes: 16_384, memoryBytes: 16 * 1024 ** 2, diskBytes: 16 * 1024 ** 2 }

const random = seededRandom(20_261_121)
const below = (limit: number) => Math.floor(random() * limit)

/** Timers that are set and have neither fired nor been taken back. */
const timers = new Set<object>()
const countingClock: Clock = {
  ...systemClock,
  after(delayMs, work) {
    const timer = {}
    timers.add(timer)
    const cancel = systemClock.after(delayMs, () => {
      timers.delete(timer)
      work()
    })
    return () => {
      timers.delete(timer)
      cancel()
    }
  },
  every(intervalMs, work) {
    const timer = {}
    timers.add(timer)
    const cancel = systemClock.every(intervalMs, work)
    return () => {
      timers.delete(timer)
      cancel()
    }
  },
}

let slices: Awaited<ReturnType<typeof openSlices>>
let directory: string | undefined
let nodes: StageNode[] = []
let asker: Awaited<ReturnType<typeof startAsker>>
beforeAll(async () => {
  slices = await openSlices(CUTS, CONTEXT_TOKENS)
  directory = await mkdtemp(join(tmpdir(), 'espalier-leaks-'))
  for (const [stage, runner] of slices.runners.entries()) {
    const keeping = { keptDirectory: join(directory, String(stage)), keepingLimits: KEEPING }
    nodes.push(await startStageNode(() => runner, countingClock, keeping))
  }
  for (const { host } of nodes) await connectAll(host, nodes)
  asker = await startAsker(() => [], { blockCount: 8, clock: countingClock, patienceMs: 0 })
  await connectAll(asker.host, nodes)
})
afterAll(async () => {
  await asker?.stop()
  for (const node of nodes) await node.stop()
  nodes = []
  await slices?.close()
  if (directory) await rm(directory, { recursive: true, force: true })
})

/** One session that ends in order, in the middle of its prompt or answer, or before it is open. */
async function session(kind: number): Promise<'ended' | 'dropped'> {
  const ending = new AbortController()
  const prompt = testPrompt(1 + below(70), 2048, below(1000))
  const lives = below(8)
  let tokens = 0
  if (kind === 1) setImmediate(() => ending.abort())
  if (kind === 2) setTimeout(() => ending.abort(), below(60))
  const route = nodes.map(({ peer }, i) => ({ peer, start: CUTS[i] ?? 0, end: CUTS[i + 1] ?? 0 }))
  try {
    await generate({
      ...{ pipeline: asker.failover, clock: countingClock, root: slices.manifest.root, route, prompt },
      vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
      ...{ maxTokens: 10, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true, exact: below(2) === 0 },
      signal: AbortSignal.any([ending.signal, AbortSignal.timeout(60_000)]),
      onToken() {
        if (kind === 3 && ++tokens > lives) ending.abort()
      },
    })
    return 'ended'
  } catch {
    return 'dropped'
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

const streams = () =>
  [asker.host, ...nodes.map(({ host }) => host)].map(
    (host) =>
      host
        .getConnections()
        .flatMap((connection) => connection.streams)
        .filter(({ protocol }) => protocol === BOUND_PROTOCOL).length,
  )

it('200 sessions opened and dropped at random: no place, stream, timer, memory or file stays taken', async () => {
  const outcomes: string[] = []
  const run = async (count: number) => {
    for (let done = 0; done < count; done += AT_ONCE) {
      const kinds = Array.from({ length: Math.min(AT_ONCE, count - done) }, () => below(4))
      outcomes.push(...(await Promise.all(kinds.map(session))))
    }
    await expect
      .poll(() => slices.engines.map(({ freeSequences }) => freeSequences), { timeout: 20_000 })
      .toEqual([4, 4])
    expect(nodes.map(({ pipeline }) => pipeline.activeSessions)).toEqual([0, 0])
    const nothing = { sessions: 0, memoryBytes: 0, diskBytes: 0 }
    expect(nodes.map(({ pipeline }) => pipeline.kept)).toEqual([nothing, nothing])
    // The folder is there because something was kept in it.
    await expect.poll(() => readdir(join(directory ?? '', '0'))).toEqual([])
    return { streams: streams(), timers: timers.size, heap: heapBytes() }
  }
  await run(SESSIONS / 4)
  const middle = await run(SESSIONS / 4)
  const end = await run(SESSIONS / 2)
  expect(end.streams).toEqual(middle.streams)
  expect(end.timers).toBe(middle.timers)
  expect(end.heap - middle.heap).toBeLessThan(GROWTH_BYTES)
  expect(outcomes).toHaveLength(SESSIONS)
  for (const outcome of ['ended', 'dropped']) {
    expect(outcomes.filter((one) => one === outcome).length).toBeGreaterThan(SESSIONS / 8)
  }
})
