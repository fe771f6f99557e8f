import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { highest } from '../../src-main/engine/stage'
import { maxDifference } from '../../src-main/engine/testing/slice-chain'
import { SAMPLE_MODEL } from '../../src-main/engine/testing/test-engine'
import { encodeMsgpack, msgpackMap } from '../../src-main/hivemind/msgpack'
import { callUnary } from '../../src-main/hivemind/unary-client'
import { serveHello } from '../../src-main/kwaai/hello'
import { serveInference } from '../../src-main/kwaai/inference-server'
import { decodeReply } from '../../src-main/kwaai/inference-wire'
import { createKwaaiNetwork } from '../../src-main/kwaai/kwaai-network'
import { INFERENCE_PROTOCOL } from '../../src-main/kwaai/protocols'
import { bytesOfTokens, halvesOf } from '../../src-main/kwaai/tensors'
import type { Host } from '../../src-main/network/host'
import { engineVocabulary } from '../../src-main/node/vocabulary'
import { type Generation, generate, type Vocabulary } from '../../src-main/pipeline/generate'
import type { Pipeline } from '../../src-main/pipeline/pipeline'
import { createPlaceLeases } from '../../src-main/pipeline/place-leases'
import type { RouteStage } from '../../src-main/pipeline/route'
import type { Offer } from '../../src-main/pipeline/routing/route-book'
import { createRouter } from '../../src-main/pipeline/routing/router'
import type { StageRunner } from '../../src-main/pipeline/stage-runner'
import { fromHalf, toHalf } from '../../src-main/shards/half-float'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { CONTEXT_TOKENS, openSlices, type StageNode, startStageNode } from '../failover/stage-network'
import { connect, loopbackHost } from '../loopback-host'

const CUTS = [0, 5, 8] as const
const TOKENS = 40
const PROMPT = 'A hacker is'
/** What rounding the hidden states to half precision may change of a logit: some per cent of what they span. */
const HALF_TOLERANCE = 0.3

const log = createEventLog(systemClock, null)
let slices: Awaited<ReturnType<typeof openSlices>>
let vocabulary: Vocabulary
/** The two slices asked directly, with the rows between them rounded to half precision. */
let reference: { promptTokens: Int32Array; tokens: number[]; logits: Float32Array[] }
/** Our own pipeline, in single precision. */
let exact: { tokens: number[]; logits: Float32Array[] }
const releases: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  slices = await openSlices(CUTS)
  const tokenizer = await slices.factory.start()
  vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(SAMPLE_MODEL))
  const [a, b] = [await node(0), await node(1)]
  await connect(a.host, b.host)
  const logits: Float32Array[] = []
  const { promptTokens, tokens } = await ask(a.pipeline, routeOver([a.peer, b.peer]), logits)
  exact = { tokens, logits }
  reference = { promptTokens, ...(await roundedChain(promptTokens)) }
  await release()
})

async function roundedChain(promptTokens: Int32Array): Promise<{ tokens: number[]; logits: Float32Array[] }> {
  const [first, second] = slices.runners as [StageRunner, StageRunner]
  const places = [first.openSequence(), second.openSequence()] as const
  const tokens: number[] = []
  const logits: Float32Array[] = []
  let next = promptTokens
  let position = 0
  while (tokens.length < TOKENS) {
    const { hidden } = await first.run({ sequence: places[0], position, rows: { tokens: next }, answer: 'none' })
    const rows = { hidden: (hidden ?? new Float32Array()).map((value) => fromHalf(toHalf(value))) }
    const output = await second.run({ sequence: places[1], position, rows, answer: 'logits' })
    const row = output.logits ?? new Float32Array()
    logits.push(row)
    tokens.push(highest(row))
    position += next.length
    next = Int32Array.of(highest(row))
  }
  first.closeSequence(places[0])
  second.closeSequence(places[1])
  return { tokens, logits }
}
afterEach(release)
afterAll(() => slices?.close())

async function release(): Promise<void> {
  for (const one of releases.splice(0).reverse()) await one()
}

async function node(stage: number): Promise<StageNode> {
  const started = await startStageNode(() => slices.runners[stage] ?? null)
  releases.push(started.stop)
  return started
}

/** A node that speaks KwaaiNet's protocols and not our pipeline. */
async function kwaaiNode(stage: () => StageRunner | null) {
  const host = await loopbackHost()
  const served: [string, number][] = []
  const inference = await serveInference({
    ...{ host, clock: systemClock, log, stage, leases: createPlaceLeases({ clock: systemClock, log }) },
    events: { onServed: (entry, rows) => void served.push([entry, rows]), onSessions: () => undefined },
  })
  const stopHello = await serveHello(host, { clock: systemClock, log })
  releases.push(async () => {
    await inference.stop()
    await stopHello()
    await host.stop()
  })
  return { host, peer: host.peerId.toString(), inference, served }
}

const routeOver = (peers: readonly string[]): RouteStage[] =>
  peers.map((peer, i) => ({ peer, start: CUTS[i] ?? 0, end: CUTS[i + 1] ?? 0 }))

function ask(
  pipeline: Pick<Pipeline, 'openSession'>,
  route: readonly RouteStage[],
  logits: Float32Array[],
): Promise<Generation> {
  return generate({
    ...{ pipeline, vocabulary, clock: systemClock, root: slices.manifest.root, route, prompt: PROMPT },
    ...{ maxTokens: TOKENS, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true, wantsLogits: true },
    signal: AbortSignal.timeout(60_000),
    onToken: (token) => void logits.push(token.logits ?? new Float32Array()),
  })
}

function expectAlike(tokens: readonly number[], logits: readonly Float32Array[]): void {
  expect(tokens).toEqual(reference.tokens)
  for (const [i, row] of logits.entries())
    expect(row).toEqual(reference.logits[i]?.map((logit) => fromHalf(toHalf(logit))))
}

describe('a chain in which a hop goes through KwaaiNet’s inference protocol', () => {
  /** The first blocks are the asker's own, the others a stranger's. */
  async function mixed(stage: () => StageRunner | null) {
    const first = await node(0)
    const second = await kwaaiNode(stage)
    await connect(first.host, second.host)
    const clock = systemClock
    const network = createKwaaiNetwork({
      ...{ host: first.host, clock, pipeline: first.pipeline, stage: () => slices.runners[0] ?? null },
    }).asking
    const router = createRouter({ host: first.host, clock, log, ...network })
    const offers: Offer[] = routeOver([first.peer, second.peer]).map((place) => {
      return { ...place, announcedS: 0.01, cacheTokensLeft: null, pingsS: null }
    })
    const { root, blockCount } = slices.manifest
    const routed = router.request({ root, blockCount, offers: async () => offers }, CONTEXT_TOKENS)
    return { first, second, network, router, routed }
  }

  it('differs from single precision by no more than rounding does', () => {
    const [half, single] = [reference.logits[0] ?? new Float32Array(), exact.logits[0] ?? new Float32Array()]
    expect(maxDifference(half, single)).toBeLessThan(HALF_TOLERANCE)
    // And so the token is the likeliest one, or next to it.
    const chosen = single[reference.tokens[0] ?? 0] ?? 0
    expect(Math.max(...single) - chosen).toBeLessThan(2 * HALF_TOLERANCE)
  })

  it('gives the tokens that rounded rows give', async () => {
    const { second, routed, router, first } = await mixed(() => slices.runners[1] ?? null)
    const route = await routed.route(AbortSignal.timeout(10_000))
    expect(route.map(({ peer }) => peer)).toEqual([first.peer, second.peer])
    expect(router.book.roundTripMs(second.peer)).toBeGreaterThan(0)
    const logits: Float32Array[] = []
    const generation = await ask(routed, route, logits)
    expectAlike(generation.tokens, logits)
    // Every row but that of the last token, which nobody asked to go on from.
    const rows = generation.promptTokens.length + TOKENS - 1
    expect(second.served.reduce((sum, [, count]) => sum + count, 0)).toBe(rows)
    expect(new Set(second.served.map(([entry]) => entry))).toEqual(new Set([first.peer]))
    const { hops, lost } = routed.trace(generation)
    expect(lost).toEqual([])
    expect(hops[0]?.computeMs).toBeGreaterThan(0)
    // Its own time is not said in this protocol, so none is shown.
    expect(hops[1]).toMatchObject({ peerId: second.peer, computeMs: null })
  })

  it('a node whose blocks still load is a lost one, by its own words', async () => {
    const { network, first, second } = await mixed(() => null)
    await expect(ask(network.pipeline, routeOver([first.peer, second.peer]), [])).rejects.toMatchObject({
      code: 'STAGE_LOST',
      message: expect.stringContaining('warming up'),
    })
  })

  it('a node that goes away in the middle ends the session by name, and our own place is free again', async () => {
    const { network, first, second } = await mixed(() => slices.runners[1] ?? null)
    let count = 0
    const asked = generate({
      ...{ pipeline: network.pipeline, vocabulary, clock: systemClock, root: slices.manifest.root, prompt: PROMPT },
      ...{ route: routeOver([first.peer, second.peer]), maxTokens: 200, contextTokens: CONTEXT_TOKENS },
      ...{ ignoresEndOfText: true, signal: AbortSignal.timeout(60_000) },
      onToken() {
        if (++count === 5) void second.host.stop()
      },
    })
    await expect(asked).rejects.toMatchObject({ code: 'STAGE_LOST', message: expect.stringContaining(second.peer) })
    const runner = slices.runners[0] as StageRunner
    await expect.poll(() => countFree(runner)).toBe(4)
  })

  it('a chain of our own nodes alone keeps to our own protocol', async () => {
    const [a, b] = [await node(0), await node(1)]
    await connect(a.host, b.host)
    const network = createKwaaiNetwork({
      ...{ host: a.host, clock: systemClock, pipeline: a.pipeline, stage: () => slices.runners[0] ?? null },
    }).asking
    const logits: Float32Array[] = []
    const generation = await ask(network.pipeline, routeOver([a.peer, b.peer]), logits)
    expect(generation.tokens).toEqual(exact.tokens)
    expect(logits).toEqual(exact.logits)
  })
})

function countFree(runner: StageRunner): number {
  const leased: number[] = []
  try {
    for (;;) leased.push(runner.openSequence())
  } catch {
    for (const sequence of leased) runner.closeSequence(sequence)
    return leased.length
  }
}

describe('a caller of KwaaiNet', () => {
  /** As `shard run` asks: rows from node to node, lists of numbers for bytes, the whole prompt in one call. */
  async function call(
    from: Host,
    to: Host,
    fields: { position: number; tokens?: Int32Array; hidden?: Float32Array; width?: number },
  ) {
    const { position, tokens, hidden = new Float32Array(), width = 1 } = fields
    const data = tokens ? bytesOfTokens(tokens) : halvesOf(hidden)
    const request = msgpackMap({
      ...{ session_id: 77, seq_pos: position, payload_type: tokens ? 'token_ids' : 'hidden_states' },
      ...{ shape: tokens ? [tokens.length] : [1, hidden.length / width, width], data: [...data] },
    })
    const signal = AbortSignal.timeout(20_000)
    const reply = decodeReply(await callUnary(from, to.peerId, INFERENCE_PROTOCOL, encodeMsgpack(request), { signal }))
    if ('error' in reply) throw new Error(reply.error)
    return reply
  }

  it('gets the right tokens from two of our nodes', async () => {
    const [a, b] = [await kwaaiNode(() => slices.runners[0] ?? null), await kwaaiNode(() => slices.runners[1] ?? null)]
    const caller = await loopbackHost({ listens: false })
    releases.push(async () => caller.stop())
    await connect(caller, a.host)
    await connect(caller, b.host)
    const tokens: number[] = []
    const logits: Float32Array[] = []
    let next = reference.promptTokens
    let position = 0
    while (tokens.length < TOKENS) {
      const first = await call(caller, a.host, { position, tokens: next })
      if (!('hidden' in first)) throw new Error('no hidden states')
      const last = await call(caller, b.host, { position, ...first })
      if (!('logits' in last)) throw new Error('no logits')
      position += next.length
      const token = highest(last.logits)
      tokens.push(token)
      logits.push(last.logits)
      next = Int32Array.of(token)
    }
    expectAlike(tokens, logits)
    expect([a.inference.activeSessions, b.inference.activeSessions]).toEqual([1, 1])
    await caller.stop()
    await expect.poll(() => a.inference.activeSessions + b.inference.activeSessions).toBe(0)
  })
})
