import type { Connection, Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { expect, it } from 'vitest'
import { gateStreams } from './gate-streams'

/** Two ends of one line in memory; the second one is guarded. */
function line(admits: () => boolean) {
  const [near, far] = multiaddrConnectionPair()
  const factory = yamux({ enableKeepAlive: false })()
  const caller = factory.createStreamMuxer(near)
  const connection = {} as Connection
  const log: string[] = []
  const muxer = factory.createStreamMuxer(far)
  // Whatever Yamux makes for somebody else goes through here.
  const make = Reflect.get(muxer, 'onRemoteStream') as (stream: Stream) => void
  Reflect.set(muxer, 'onRemoteStream', (stream: Stream) => {
    log.push('made')
    make.call(muxer, stream)
  })
  let isConnected = true
  const guarded = gateStreams(muxer, {
    connectionOf: (streams) => (isConnected && streams === muxer.streams ? connection : undefined),
    admits,
    admitted: () => void log.push('admitted'),
    refused: () => void log.push('refused'),
    reason: new Error('too many'),
  })
  const listen = () => guarded.addEventListener('stream', () => void log.push('heard'))
  const setConnected = (value: boolean) => {
    isConnected = value
  }
  return { caller, muxer, log, listen, setConnected }
}

const closed = (stream: Stream) => new Promise<Event>((resolve) => stream.addEventListener('close', resolve))

it('D-T15: a stream beyond the budget is reset and never made', async () => {
  let room = 2
  const { caller, muxer, log, listen } = line(() => room-- > 0)
  listen()
  const streams = await Promise.all([1, 2, 3, 4].map(() => caller.createStream()))
  const ends = await Promise.all(streams.slice(2).map(closed))
  expect(ends.map((event) => Reflect.get(event, 'error')?.name)).toEqual(['StreamResetError', 'StreamResetError'])
  expect(log).toEqual(['made', 'admitted', 'heard', 'made', 'admitted', 'heard', 'refused', 'refused'])
  expect(muxer.streams).toHaveLength(2)
  expect(streams.slice(0, 2).map(({ status }) => status)).toEqual(['open', 'open'])
})

it('D-T15: what comes before the connection is known is judged when somebody listens', async () => {
  let asked = 0
  const { caller, log, listen, setConnected } = line(() => ++asked > 1)
  setConnected(false)
  const [first] = await Promise.all([caller.createStream(), caller.createStream()])
  await expect.poll(() => log).toEqual(['made', 'made'])
  setConnected(true)
  const end = closed(first)
  listen()
  await end
  expect(log).toEqual(['made', 'made', 'refused', 'admitted', 'heard'])
})
