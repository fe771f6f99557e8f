import type { Connection, Stream, StreamHandler, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { type CallLimiter, limitCalls } from './limit-calls'
import type { CallLimits } from './limits'

const plenty = { perSecond: 1_000, burst: 1_000 }
const MUCH = { peer: plenty, own: plenty, shared: plenty }
const CUT_MS = 500
const LIMITS: CallLimits = {
  streams: MUCH,
  waiting: { peer: 1, own: 1, all: 1 },
  protocol: MUCH,
  protocols: { '/few': { peer: { perSecond: 0.001, burst: 2 } } },
  patience: { perSecond: 1, burst: 3 },
  cutForMs: CUT_MS,
}

/** What of libp2p a limiter sees: who handles what, and which connections there are. */
async function setUp() {
  const clock = new FakeClock()
  const limiter = limitCalls(clock, LIMITS)
  const handlers = new Map<string, StreamHandler>()
  const events = new EventTarget()
  const registrar = { handle: async (protocol: string, handler: StreamHandler) => void handlers.set(protocol, handler) }
  const service = limiter.service({ registrar, events: events as Parameters<CallLimiter['service']>[0]['events'] })
  const answered: string[] = []
  for (const protocol of ['/few', '/many'])
    await registrar.handle(protocol, (_, { remotePeer }) => void answered.push(`${remotePeer} ${protocol}`))

  function connect(peer: string) {
    const state = { isCut: false }
    const connection = {
      ...{ remotePeer: peer, streams: [] as Stream[] },
      abort: () => {
        state.isCut = true
      },
    } as unknown as Connection
    const tell = (type: string) => events.dispatchEvent(new CustomEvent(type, { detail: connection }))
    tell('connection:open')
    const call = (protocol: string, stream = streamOf()) => {
      void handlers.get(protocol)?.(stream.stream, connection)
      return stream
    }
    return { state, connection, call, close: () => tell('connection:close') }
  }
  return { clock, limiter, service, answered, connect }
}

function streamOf() {
  const state = { isAborted: false }
  const stream = Object.assign(new EventTarget(), {
    abort: () => {
      state.isAborted = true
    },
  }) as unknown as Stream
  return { stream, state }
}

it('O-05: a protocol with limits of its own has these, and others are not held to them', async () => {
  const { answered, connect, service } = await setUp()
  const { call } = connect('peer')
  const streams = [1, 2, 3].map(() => call('/few'))
  expect(streams.map(({ state }) => state.isAborted)).toEqual([false, false, true])
  for (let time = 0; time < 5; time += 1) call('/many')
  expect(answered.filter((what) => what === 'peer /few')).toHaveLength(2)
  expect(answered.filter((what) => what === 'peer /many')).toHaveLength(5)
  expect(service.figures().protocols).toEqual([
    { protocol: '/few', admitted: 2, refused: 1 },
    { protocol: '/many', admitted: 5, refused: 0 },
  ])
})

it('O-05: whoever is told of calls is told of those that are let through, until it wants no more', async () => {
  const { connect, service } = await setUp()
  const { call } = connect('peer')
  const heard: string[] = []
  const stop = service.watch((protocol) => void heard.push(protocol))
  for (let time = 0; time < 3; time += 1) call('/few')
  call('/many')
  expect(heard).toEqual(['/few', '/few', '/many'])
  stop()
  call('/many')
  expect(heard).toHaveLength(3)
})

it('D-T15: who goes on regardless is cut off for a while, on all of its connections, and nobody else', async () => {
  const { clock, limiter, connect, service } = await setUp()
  const [first, second, gone, other] = ['loud', 'loud', 'loud', 'calm'].map(connect)
  if (!first || !second || !gone || !other) throw new Error('four connections')
  gone.close()
  for (let time = 0; time < 2 + 3; time += 1) first.call('/few')
  expect(limiter.isCut('loud')).toBe(false)
  first.call('/few')
  expect([first, second, gone, other].map(({ state }) => state.isCut)).toEqual([true, true, false, false])
  expect([limiter.isCut('loud'), limiter.isCut('calm')]).toEqual([true, false])
  // What was on its way then is no second offence.
  for (let time = 0; time < 10; time += 1) first.call('/few')
  expect(service.figures().cut).toBe(1)
  await clock.advance(CUT_MS)
  expect(limiter.isCut('loud')).toBe(false)
  // It comes back with a clean slate.
  const back = connect('loud')
  for (let time = 0; time < 3; time += 1) back.call('/few')
  expect(limiter.isCut('loud')).toBe(false)
  back.call('/few')
  expect(limiter.isCut('loud')).toBe(true)
})

it('D-T15: a stream waits until it is known what for, and not until it ends', async () => {
  const { limiter, connect } = await setUp()
  const { connection, call } = connect('peer')
  const arrivals = new EventTarget()
  const muxer = Object.assign(arrivals, { streams: connection.streams, status: 'open' }) as unknown as StreamMuxer
  const factory = { createStreamMuxer: () => muxer } as unknown as StreamMuxerFactory
  limiter
    .muxer(() => factory)({})
    .createStreamMuxer({} as Parameters<StreamMuxerFactory['createStreamMuxer']>[0])
    .addEventListener('stream', () => undefined)
  const arrive = () => {
    const made = streamOf()
    arrivals.dispatchEvent(new CustomEvent('stream', { detail: made.stream }))
    return made
  }
  const first = arrive()
  expect(arrive().state.isAborted).toBe(true)
  call('/many', first)
  const second = arrive()
  expect([first, second].map(({ state }) => state.isAborted)).toEqual([false, false])
  // One that ends before anybody knows what it was for gives its place back, too, and only once.
  second.stream.dispatchEvent(new Event('close'))
  call('/many', second)
  expect(arrive().state.isAborted).toBe(false)
  expect(arrive().state.isAborted).toBe(true)
})
