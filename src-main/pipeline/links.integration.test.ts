import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { connect, loopbackHost } from '../../test/loopback-host'
import { frameStream } from '../network/framed-stream'
import type { Host } from '../network/host'
import { createEventLog } from '../storage/event-log'
import { checkPipeline } from './check'
import { encodeFrame, MAX_BODY_FRAME_BYTES } from './frames'
import { createLinks } from './links'
import { createPipeline } from './pipeline'
import { PIPELINE_PROTOCOL, PIPELINE_PROTOCOLS } from './protocols'

const releases: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function start(): Promise<Host> {
  const host = await loopbackHost()
  releases.push(() => host.stop())
  return host
}

/** One that has nothing to serve, and says so to everybody. */
async function startNode(): Promise<Host> {
  const host = await start()
  const pipeline = createPipeline({
    ...{ host, clock: systemClock, log: createEventLog(systemClock, null), stage: () => null },
    events: { onServed: () => undefined, onSessions: () => undefined },
  })
  await pipeline.start()
  releases.push(() => pipeline.stop())
  return host
}

const pipelineStreams = (host: Host): Stream[] =>
  host
    .getConnections()
    .flatMap(({ streams }) => streams.filter(({ protocol }) => PIPELINE_PROTOCOLS.includes(protocol)))

const checkFrame = () => encodeFrame({ type: 'check', session: randomBytes(16).toString('hex') })

it('a connection carries any number of checks, one after the other: none leaves half of a stream behind', async () => {
  const [node, asker] = [await startNode(), await start()]
  await connect(asker, node)
  // Above the streams that a connection may have at once, below the calls that are answered in a second.
  for (let i = 0; i < 80; i++) {
    await systemClock.sleep(20)
    await expect(checkPipeline(asker, node.peerId, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'STAGE_LOST',
    })
  }
  await expect.poll(() => pipelineStreams(node)).toEqual([])
})

it('H-52: who asks without end loses the stream, and others are answered', async () => {
  const [node, hostile, asker] = [await startNode(), await start(), await start()]
  for (const host of [hostile, asker]) await connect(host, node)
  const flood = frameStream(await hostile.dialProtocol(node.peerId, PIPELINE_PROTOCOL), MAX_BODY_FRAME_BYTES)
  let answers = 0
  const ended = flood.deliverTo(() => void answers++)
  for (let i = 0; i < 20_000 && !flood.closed; i++) await flood.write(...checkFrame()).catch(() => undefined)
  await expect(ended).rejects.toThrow()
  expect(answers).toBeGreaterThan(0)
  expect(answers).toBeLessThan(1_000)
  await expect(checkPipeline(asker, node.peerId, AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: 'STAGE_LOST',
  })
})

it('H-52: what waits for a neighbour that asks and does not read is bounded, and ends its stream', async () => {
  const [node, hostile] = [await start(), await start()]
  await connect(hostile, node)
  let asked = 0
  let ended = ''
  const links = createLinks(node, systemClock, {
    onFrame(frame, link) {
      asked++
      const body = { root: 'root', start: 0, end: 1, proven: true }
      // As answers to strangers go: nobody waits for them.
      if (frame.type === 'check') link.send({ ...frame, type: 'checked', body }).catch(() => undefined)
    },
    onEnd: (_, cause) => {
      ended = cause
    },
  })
  await links.accept()
  releases.push(() => links.close())
  const deaf = await hostile.dialProtocol(node.peerId, PIPELINE_PROTOCOL)
  let mostUnsent = 0
  const framed = frameStream(deaf, MAX_BODY_FRAME_BYTES)
  deaf.pause()
  for (let i = 0; i < 40_000 && ended === ''; i++) {
    await framed.write(...checkFrame()).catch(() => undefined)
    if (i % 100 === 0) await systemClock.sleep(1)
    for (const { writeBufferLength } of pipelineStreams(node)) mostUnsent = Math.max(mostUnsent, writeBufferLength)
  }
  await expect.poll(() => ended).toMatch('does not read')
  expect(mostUnsent).toBeLessThan(1_100_000)
  const heard = asked
  await framed.write(...checkFrame()).catch(() => undefined)
  await systemClock.sleep(100)
  expect(asked).toBe(heard)
})

it('H-08: nothing is kept of a neighbour that has gone, and whoever needs it again gets another stream', async () => {
  const [node, neighbour] = [await start(), await startNode()]
  await connect(node, neighbour)
  const links = createLinks(node, systemClock, { onFrame: () => undefined, onEnd: () => undefined })
  releases.push(() => links.close())
  const peer = neighbour.peerId.toString()
  const first = await links.to(peer)
  expect(await links.to(peer)).toBe(first)
  expect(links.outgoing).toBe(1)
  first.abort(new Error('gone'))
  await expect.poll(() => links.outgoing).toBe(0)
  const second = await links.to(peer)
  expect([second === first, second.closed]).toEqual([false, false])
})

it('a stream that is being opened while the node stops is not kept', async () => {
  const [node, neighbour] = [await start(), await startNode()]
  await connect(node, neighbour)
  const links = createLinks(node, systemClock, { onFrame: () => undefined, onEnd: () => undefined })
  const opening = links.to(neighbour.peerId.toString())
  await Promise.all([links.close(), expect(opening).rejects.toMatchObject({ code: 'STAGE_LOST' })])
  await expect.poll(() => pipelineStreams(node)).toEqual([])
})
