import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testPrompt } from '../../src-main/engine/testing/transcript'
import { type FramedStream, frameStream } from '../../src-main/network/framed-stream'
import type { Host } from '../../src-main/network/host'
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  MAX_BODY_FRAME_BYTES,
  MAX_FRAME_BYTES,
  type OpenBody,
  PIPELINE_PROTOCOL,
  type StepFrame,
  stepFrameBytes,
} from '../../src-main/pipeline/frames'
import { generate } from '../../src-main/pipeline/generate'
import { systemClock } from '../../src-shared/clock'
import { connectAll, openSlices, type StageNode, startAsker, startStageNode } from '../failover/stage-network'
import { loopbackHost } from '../loopback-host'

const CUTS = [0, 4, 8]
const WIDTH = 256
const CONTEXT_TOKENS = 128
const BATCH_ROWS = 128
const ROWS_TOO_MANY = BATCH_ROWS + 1

let slices: Awaited<ReturnType<typeof openSlices>>
let nodes: StageNode[] = []
let asker: Awaited<ReturnType<typeof startAsker>>
let hostile: Host
beforeAll(async () => {
  slices = await openSlices(CUTS, CONTEXT_TOKENS)
  for (const runner of slices.runners) nodes.push(await startStageNode(() => runner))
  for (const { host } of nodes) await connectAll(host, nodes)
  asker = await startAsker(() => [], { blockCount: 8 })
  hostile = await loopbackHost({ listens: false })
  // Last stages open a stream to it, for answers to which it never listens.
  await hostile.handle(PIPELINE_PROTOCOL, () => undefined)
  for (const host of [asker.host, hostile]) await connectAll(host, nodes)
})
afterAll(async () => {
  await hostile?.stop()
  await asker?.stop()
  for (const node of nodes) await node.stop()
  nodes = []
  await slices?.close()
})

const routeOf = (peers: readonly string[]) =>
  peers.map((peer, i) => ({ peer, start: CUTS[i] ?? 0, end: CUTS[i + 1] ?? 0 }))

/** A stream of frames that are valid one by one; what they ask is not checked by anybody on this side. */
async function attack(stage: number, change: Partial<OpenBody> = {}) {
  const self = hostile.peerId.toString()
  const peers = nodes.map(({ peer }) => peer)
  const node = nodes[stage]
  if (!node) throw new Error('no such stage')
  const stream = await hostile.dialProtocol(node.host.peerId, PIPELINE_PROTOCOL)
  const framed = frameStream(stream, MAX_FRAME_BYTES)
  const session = randomBytes(16).toString('hex')
  // Whoever feeds the second stage says to be the first.
  const route = routeOf(stage === 0 ? peers : [self, ...peers.slice(1)])
  const send = (frame: Frame) => framed.write(...encodeFrame(frame))
  const opening = { root: slices.manifest.root, entry: self, stage, route, contextTokens: CONTEXT_TOKENS }
  await send({ type: 'open', session, body: { ...opening, wantsLogits: false, exact: false, ...change } })
  return {
    framed,
    step: (input: StepFrame['input'], rest: Partial<StepFrame> = {}) =>
      send({
        ...{ type: 'step', session, position: 0, rows: 1, wantsAnswer: false, computeMs: [], input },
        ...rest,
      }),
    refusal: () => refusalOn(framed),
  }
}

async function refusalOn(framed: FramedStream): Promise<string> {
  for (;;) {
    const bytes = await framed.read()
    if (bytes === null) return 'the stream ended'
    const frame = decodeFrame(bytes)
    if (frame.type === 'error') return `${frame.body.code}: ${frame.body.cause}`
  }
}

/** The chain is up, and nothing of what was refused stays in it. */
async function chainServes(): Promise<void> {
  const prompt = testPrompt(5, 2048, 3)
  const answer = await generate({
    ...{ pipeline: asker.pipeline, clock: systemClock, root: slices.manifest.root, prompt },
    route: routeOf(nodes.map(({ peer }) => peer)),
    vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
    ...{ maxTokens: 4, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true },
    ...{ signal: AbortSignal.timeout(30_000), onToken: () => undefined },
  })
  expect(answer.tokens).toHaveLength(4)
  await expect.poll(() => nodes.map(({ pipeline }) => pipeline.activeSessions), { timeout: 10_000 }).toEqual([0, 0])
  await expect.poll(() => slices.engines.map(({ freeSequences }) => freeSequences)).toEqual([4, 4])
}

type Attack = Awaited<ReturnType<typeof attack>>
const tokens = (count: number) => ({ tokens: new Int32Array(count).fill(5) })
const hidden = (values: number, value = 0.5) => ({ hidden: new Float32Array(values).fill(value) })

const refusals: [string, number, Partial<OpenBody>, (attack: Attack) => Promise<unknown>, RegExp][] = [
  [
    'a position again',
    0,
    {},
    async ({ step }) => [await step(tokens(1)), await step(tokens(1))],
    /position 0, expected 1/,
  ],
  ['a gap in the positions', 0, {}, ({ step }) => step(tokens(1), { position: 7 }), /position 7, expected 0/],
  ['rows of another width', 1, {}, ({ step }) => step(hidden(WIDTH - 1)), /PROTOCOL_VIOLATION: .*another width/],
  ['hidden states for a first stage', 0, {}, ({ step }) => step(hidden(WIDTH)), /tokens belong to the first stage/],
  ['tokens for a second stage', 1, {}, ({ step }) => step(tokens(1)), /tokens belong to the first stage/],
  ['a token that there is not', 0, {}, ({ step }) => step({ tokens: Int32Array.of(2048) }), /BAD_ARGUMENT/],
  ['NaN', 1, {}, ({ step }) => step(hidden(WIDTH, Number.NaN)), /PROTOCOL_VIOLATION: .*NaN/],
  ['infinity', 1, {}, ({ step }) => step(hidden(WIDTH, Number.POSITIVE_INFINITY)), /PROTOCOL_VIOLATION: .*infinity/],
  [
    'rounded rows in an exact session',
    1,
    { exact: true },
    ({ step }) => step(hidden(WIDTH), { isHalf: true }),
    /half precision in an exact session/,
  ],
  [
    'more rows than a batch',
    0,
    {},
    ({ step }) => step(tokens(ROWS_TOO_MANY), { rows: ROWS_TOO_MANY }),
    /PROTOCOL_VIOLATION: .*129 rows/,
  ],
  ['more than the context', 0, { contextTokens: 2 }, ({ step }) => step(tokens(3), { rows: 3 }), /PROMPT_TOO_LONG/],
  ['a larger context than there is', 0, { contextTokens: 129 }, async () => undefined, /PROMPT_TOO_LONG/],
  ['another model', 0, { root: 'other' }, async () => undefined, /STAGE_LOST/],
  ['a session in another name', 0, { entry: 'somebody' }, async () => undefined, /opened for somebody else/],
  [
    'more steps than may wait',
    0,
    {},
    async ({ step }) => {
      for (let position = 0; position < 60; position++) await step(tokens(1), { position, wantsAnswer: true })
    },
    /more steps than the session may have waiting/,
  ],
]

it.each(refusals)('%s: a typed refusal, and the chain stays up', async (_, stage, change, act, expected) => {
  const attacking = await attack(stage, change)
  await act(attacking)
  expect(await attacking.refusal()).toMatch(expected)
  attacking.framed.abort(new Error('done'))
  await chainServes()
})

/** What the framing writes in front of a message. */
function lengthOf(sizeBytes: number): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, sizeBytes)
  return length
}

it('a frame that says to be larger than any may be that has no session: the stream ends, and the chain stays up', async () => {
  const stream = await hostile.dialProtocol(nodes[0]!.host.peerId, PIPELINE_PROTOCOL)
  stream.send(lengthOf(MAX_BODY_FRAME_BYTES + 1))
  await expect.poll(() => stream.status, { timeout: 10_000 }).not.toBe('open')
  await chainServes()
})

it('a full batch is the largest step: the stream ends with one that says to be larger, and the chain stays up', async () => {
  const { framed, step, refusal } = await attack(1)
  await step(hidden(BATCH_ROWS * WIDTH), { rows: BATCH_ROWS })
  await expect.poll(() => nodes[1]?.pipeline.activeSessions).toBe(1)
  // A batch that came whole: it is the position that is wrong.
  await step(hidden(BATCH_ROWS * WIDTH), { rows: BATCH_ROWS })
  expect(await refusal()).toMatch(/position 0, expected 128/)
  expect(framed.closed).toBe(false)

  const stream = hostile.getConnections(nodes[1]!.host.peerId).flatMap(({ streams }) => streams)
  const last = stream.findLast(({ protocol, status }) => protocol === PIPELINE_PROTOCOL && status === 'open')
  last?.send(lengthOf(stepFrameBytes(BATCH_ROWS, WIDTH) + 1))
  await expect.poll(() => framed.closed, { timeout: 10_000 }).toBe(true)
  await chainServes()
})

it('somebody who opens sessions and never goes on, and never listens, keeps no others from their answers', async () => {
  const idle = []
  for (let i = 0; i < 3; i++) idle.push(await attack(0))
  await expect.poll(() => nodes[0]?.pipeline.activeSessions).toBe(3)
  const prompt = testPrompt(40, 2048, 9)
  const answer = await generate({
    ...{ pipeline: asker.pipeline, clock: systemClock, root: slices.manifest.root, prompt },
    route: routeOf(nodes.map(({ peer }) => peer)),
    vocabulary: { tokenize: async () => prompt, piece: async () => new Uint8Array(), endOfText: null },
    ...{ maxTokens: 8, contextTokens: CONTEXT_TOKENS, ignoresEndOfText: true },
    ...{ signal: AbortSignal.timeout(30_000), onToken: () => undefined },
  })
  expect(answer.tokens).toHaveLength(8)
  for (const { framed } of idle) framed.abort(new Error('done'))
  await chainServes()
})
