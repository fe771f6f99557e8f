import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { connect, loopbackHost } from '../../test/loopback-host'
import { PLAIN_SAMPLING, type Sampling } from '../engine/sampling'
import type { Host } from '../network/host'
import { createEventLog } from '../storage/event-log'
import { checkPeer, checkPipeline } from './check'
import { generate, prefillChunkTokens, type Vocabulary } from './generate'
import { createPipeline, type Pipeline } from './pipeline'
import type { RouteStage } from './route'
import type { StageRunner } from './stage-runner'
import { WINDOW_STEPS } from './step-window'

const WIDTH = 4
const releases: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

/** Arithmetic instead of a model: each stage adds its number of blocks to every channel; the last gives the sum. */
function arithmeticStage(start: number, end: number, blockCount: number) {
  const open = new Set<number>()
  const calls: number[] = []
  const stage = {
    open,
    calls,
    samplings: [] as (Sampling | undefined)[],
    answers: new Set<string>(),
    failNext: null as EspalierError | null,
    hang: false,
    isLeaving: false,
    logits: null as Float32Array | null,
    before: async (_position: number): Promise<void> => undefined,
    runner: {
      blocks: { start, end },
      blockCount,
      embeddingLength: WIDTH,
      root: 'root',
      maxBatchTokens: 256,
      contextTokens: 1024,
      openSequence(sampling) {
        stage.samplings.push(sampling)
        for (let sequence = 0; sequence < 2; sequence++) {
          if (!open.has(sequence)) {
            open.add(sequence)
            return sequence
          }
        }
        throw new EspalierError('SESSION_LIMIT')
      },
      closeSequence: (sequence) => void open.delete(sequence),
      async run({ rows, answer, position }) {
        if (stage.failNext) throw stage.failNext
        if (stage.hang) await new Promise(() => undefined)
        await stage.before(position)
        calls.push(position)
        stage.answers.add(answer)
        const input =
          'tokens' in rows
            ? Float32Array.from({ length: rows.tokens.length * WIDTH }, (_, i) => rows.tokens[Math.floor(i / WIDTH)]!)
            : rows.hidden
        const hidden = input.map((value) => value + (end - start))
        const isLast = end === blockCount
        const logits: Float32Array = stage.logits ?? hidden.slice(-WIDTH)
        const token = answer === 'none' ? null : hidden.at(-1)! % 100
        return {
          hidden: isLast ? null : hidden,
          token,
          logits: answer === 'logits' ? logits : null,
          computeMs: 0.5,
        }
      },
    } satisfies StageRunner as StageRunner,
  }
  return stage
}

const vocabulary: Vocabulary = {
  tokenize: async (text) => Int32Array.from(Buffer.from(text)),
  piece: async (token) => new TextEncoder().encode(`<${token}>`),
  endOfText: null,
}

async function network() {
  const log = createEventLog(systemClock, null)
  const stages = [arithmeticStage(0, 3, 8), arithmeticStage(3, 6, 8), arithmeticStage(6, 8, 8)]
  const served: string[] = []
  const nodes: { host: Host; pipeline: Pipeline }[] = []
  for (const stage of stages) {
    const host = await loopbackHost()
    const pipeline = createPipeline({
      host,
      clock: systemClock,
      log,
      stage: () => (stage.isLeaving ? null : stage.runner),
      events: { onServed: (entry) => void served.push(entry), onSessions: () => undefined },
    })
    await pipeline.start()
    releases.push(async () => {
      await pipeline.stop()
      await host.stop()
    })
    nodes.push({ host, pipeline })
  }
  const client = await loopbackHost({ listens: false })
  for (const a of nodes) {
    await connect(client, a.host)
    for (const b of nodes) if (a !== b) await connect(a.host, b.host)
  }
  const entry = createPipeline({
    host: client,
    clock: systemClock,
    log,
    stage: () => null,
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await entry.start()
  releases.push(async () => {
    await entry.stop()
    await client.stop()
  })
  const route: RouteStage[] = stages.map(({ runner }, i) => ({
    peer: nodes[i]!.host.peerId.toString(),
    ...runner.blocks,
  }))
  const run = (prompt: string, maxTokens: number, onToken: (token: number) => void = () => undefined) =>
    generate({
      pipeline: entry,
      vocabulary,
      clock: systemClock,
      root: 'root',
      route,
      prompt,
      maxTokens,
      contextTokens: 1024,
      wantsLogits: true,
      signal: AbortSignal.timeout(20_000),
      onToken: ({ token }) => onToken(token),
    })
  return { stages, nodes, client, entry, route, run, served }
}

describe('pipeline over three peers', () => {
  it('runs prompt and answer through the chain, and gives every cache slot back', async () => {
    const { run, stages, served, client, nodes } = await network()
    const generation = await run('ab', 5)
    expect(generation.tokens).toEqual([6, 14, 22, 30, 38])
    expect(generation.text).toBe('<6><14><22><30><38>')
    expect(generation.schedule).toEqual([2, 1, 1, 1, 1])
    expect(generation.stageComputeMs).toEqual([0.5, 0.5, 0.5])
    // Each by the neighbour that brought it: the first one alone knows who asks.
    const [first, second] = nodes.map(({ host }) => host.peerId.toString())
    expect(new Set(served)).toEqual(new Set([client.peerId.toString(), first, second]))
    await expect.poll(() => stages.map(({ open }) => open.size)).toEqual([0, 0, 0])
  })

  it('may begin at one of its own stages: a node asks the network that it serves in', async () => {
    const { nodes, route, stages, served } = await network()
    const [{ pipeline, host }] = nodes as [{ pipeline: Pipeline; host: Host }]
    const generation = await generate({
      pipeline,
      vocabulary,
      clock: systemClock,
      root: 'root',
      route,
      prompt: 'ab',
      maxTokens: 5,
      contextTokens: 1024,
      signal: AbortSignal.timeout(20_000),
      onToken: () => undefined,
    })
    expect(generation.tokens).toEqual([6, 14, 22, 30, 38])
    expect(new Set(served)).toEqual(new Set([host.peerId.toString(), nodes[1]?.host.peerId.toString()]))
    await expect.poll(() => stages.map(({ open }) => open.size)).toEqual([0, 0, 0])
  })

  it('gives the choice of tokens to the last stage, with as much of the prompt as its penalties look at', async () => {
    const { entry, route, stages } = await network()
    await generate({
      pipeline: entry,
      vocabulary,
      clock: systemClock,
      root: 'root',
      route,
      prompt: 'abcdef',
      maxTokens: 2,
      contextTokens: 1024,
      sampling: { ...PLAIN_SAMPLING, seed: 5, repeatPenalty: 1.1, penaltyTokens: 3 },
      signal: AbortSignal.timeout(20_000),
      onToken: () => undefined,
    })
    const history = [...Buffer.from('def')]
    const expected = { ...PLAIN_SAMPLING, seed: 5, repeatPenalty: 1.1, penaltyTokens: 3, history }
    expect(stages.map(({ samplings }) => samplings)).toEqual([[undefined], [undefined], [expected]])
    expect(stages.map(({ answers }) => [...answers])).toEqual([['none'], ['none'], ['sampled']])
  })

  it('carries the logits of a large vocabulary, while they are awaited and when nobody waits any more', async () => {
    const { entry, route, run, stages } = await network()
    const logits = Float32Array.from({ length: 262_144 }, (_, token) => token)
    stages[2]!.logits = logits
    const options = { root: 'root', route, contextTokens: 64, wantsLogits: true, signal: AbortSignal.timeout(20_000) }
    const session = await entry.openSession(options)
    await session.send(Int32Array.of(1), 0, true)
    expect((await session.nextResult()).logits).toEqual(logits)
    await session.send(Int32Array.of(1), 1, true)
    await session.close()
    // On the stream on which the last answer still comes.
    expect((await run('ab', 3)).tokens).toHaveLength(3)
  })

  it('splits a long prompt into recorded chunks', async () => {
    const { run, stages } = await network()
    const chunk = prefillChunkTokens(103, 3)
    const generation = await run('x'.repeat(chunk * 3 + 7), 2)
    expect(generation.schedule).toEqual([chunk, chunk, chunk, 7, 1])
    expect(stages[2]?.calls).toEqual([0, chunk, chunk * 2, chunk * 3, chunk * 3 + 7])
  })

  it('has the stages compute different chunks of a prompt at the same time', async () => {
    const { run, stages } = await network()
    const isAhead = () => expect.poll(() => stages[0]!.calls.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
    // The last stage does not begin before the first one has gone on to the second chunk.
    stages[2]!.before = async (position) => {
      if (position === 0) await isAhead()
    }
    const generation = await run('x'.repeat(200), 2)
    expect(generation.schedule.length).toBeGreaterThan(4)
  })

  it('sends no more of a long prompt than a slow stage has room for, and all of it in the end', async () => {
    const { entry, route, stages } = await network()
    const released = Promise.withResolvers<void>()
    stages[2]!.before = () => released.promise
    const signal = AbortSignal.timeout(20_000)
    const session = await entry.openSession({ root: 'root', route, contextTokens: 64, wantsLogits: false, signal })
    let sent = 0
    const sending = (async () => {
      for (; sent < 40; sent++) await session.send(Int32Array.of(sent), sent, sent === 39)
    })()
    // One chunk hangs at the last stage; a window of them lies before it, and one before the middle waits to go on.
    await expect.poll(() => stages[1]!.calls.length, { timeout: 10_000 }).toBe(WINDOW_STEPS + 1)
    await expect.poll(() => stages[0]!.calls.length).toBe(2 * WINDOW_STEPS + 1)
    await expect.poll(() => sent).toBe(3 * WINDOW_STEPS)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(sent).toBe(3 * WINDOW_STEPS)
    expect(stages.map(({ calls }) => calls.length)).toEqual([2 * WINDOW_STEPS + 1, WINDOW_STEPS + 1, 0])
    released.resolve()
    await sending
    expect((await session.nextResult()).position).toBe(39)
    expect(stages[2]!.calls).toHaveLength(40)
    await session.close()
  })

  it('interleaves sessions and refuses more than a stage has room for, by name', async () => {
    const { run, stages } = await network()
    const two = await Promise.all([run('aa', 40), run('bb', 40)])
    expect(two.map(({ tokens }) => tokens.length)).toEqual([40, 40])
    await expect.poll(() => stages[1]!.open.size).toBe(0)
    stages[1]?.open.add(0)
    stages[1]?.open.add(1)
    await expect(run('cc', 2)).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      message: expect.stringContaining('blocks 3–5'),
    })
  })

  it('hands an engine’s error to the asker and frees the other stages', async () => {
    const { run, stages } = await network()
    const failing = run('ab', 500, () => {
      stages[1]!.failNext = new EspalierError('ENGINE_GONE', 'killed')
    })
    await expect(failing).rejects.toMatchObject({ code: 'ENGINE_GONE' })
    await expect.poll(() => stages.map(({ open }) => open.size)).toEqual([0, 0, 0])
  })

  for (const lost of [0, 1, 2]) {
    it(`ends with STAGE_LOST when node ${lost} goes away in the middle`, async () => {
      const { run, nodes, stages } = await network()
      let tokens = 0
      const failing = run('ab', 900, () => {
        if (++tokens === 3) void nodes[lost]!.host.stop()
      })
      await expect(failing).rejects.toMatchObject({ code: 'STAGE_LOST' })
      await expect.poll(() => stages.filter((_, i) => i !== lost).map(({ open }) => open.size)).toEqual([0, 0])
    })
  }

  it('refuses a route that asks for other blocks or another model', async () => {
    const { entry, route } = await network()
    const open = (change: object, root = 'root') =>
      entry.openSession({
        root,
        route: [{ ...route[0]!, ...change }, ...route.slice(1)],
        contextTokens: 16,
        wantsLogits: false,
        signal: AbortSignal.timeout(5000),
      })
    await expect(open({ end: 2 })).rejects.toMatchObject({ code: 'STAGE_LOST' })
    await expect(open({}, 'another')).rejects.toMatchObject({ code: 'STAGE_LOST' })
  })

  it('refuses a prompt that does not fit before anything is sent', async () => {
    const { run, served } = await network()
    await expect(run('x'.repeat(1000), 100)).rejects.toMatchObject({ code: 'PROMPT_TOO_LONG' })
    expect(served).toEqual([])
  })

  it('answers what it serves to a stranger', async () => {
    const { client, nodes } = await network()
    const answer = await checkPipeline(client, nodes[1]!.host.peerId, AbortSignal.timeout(5000))
    expect(answer).toEqual({ root: 'root', start: 3, end: 6, proven: true, sessions: 0 })
  })

  it('while it leaves its blocks a node answers for the sessions that may finish there, and for nothing else', async () => {
    const { client, nodes, entry, stages, route } = await network()
    const id = 'ab'.repeat(16)
    const signal = AbortSignal.timeout(20_000)
    const session = await entry.openSession({ id, root: 'root', route, contextTokens: 16, wantsLogits: false, signal })
    stages[1]!.isLeaving = true
    const leaving = nodes[1]!.host.peerId
    expect(await checkPeer(client, leaving, signal, id)).toMatchObject({
      start: 3,
      end: 6,
      progress: { stands: 'open' },
    })
    await expect(checkPeer(client, leaving, signal)).rejects.toMatchObject({ code: 'STAGE_LOST' })
    const stranger = await loopbackHost({ listens: false })
    releases.push(() => stranger.stop())
    await connect(stranger, nodes[1]!.host)
    await expect(checkPeer(stranger, leaving, signal, id)).rejects.toMatchObject({ code: 'STAGE_LOST' })
    await session.close()
    await expect(checkPeer(client, leaving, signal, 'cd'.repeat(16))).rejects.toMatchObject({ code: 'STAGE_LOST' })
  })
})
