import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { leanWindows } from './lean-windows'

const WINDOW = 256 * 1024

/** A stream as Yamux makes it, through a muxer with lean windows; `updates` counts what it says to the sender. */
function streamOf(state: number) {
  const stream = { recvWindow: WINDOW, recvWindowCapacity: WINDOW, state, updates: 0, sendWindowUpdate }
  function sendWindowUpdate() {
    stream.updates++
  }
  const muxer = { _newStream: (_id: number, _state: number, _direction: string) => stream }
  const factory = { createStreamMuxer: () => muxer as unknown as StreamMuxer } as unknown as StreamMuxerFactory
  leanWindows(() => factory)({}).createStreamMuxer({} as Parameters<StreamMuxerFactory['createStreamMuxer']>[0])
  return muxer._newStream(1, state, 'inbound')
}

it('a sender hears that there is room when half of its window is used, and not before', () => {
  const stream = streamOf(1)
  stream.sendWindowUpdate()
  stream.recvWindowCapacity = WINDOW / 2 + 1
  stream.sendWindowUpdate()
  expect(stream.updates).toBe(0)
  stream.recvWindowCapacity = WINDOW / 2
  stream.sendWindowUpdate()
  expect(stream.updates).toBe(1)
})

it('a stream is opened by its first update, though nothing of its window is used: the other side may speak first', () => {
  const stream = streamOf(0)
  stream.sendWindowUpdate()
  expect(stream.updates).toBe(1)
})
