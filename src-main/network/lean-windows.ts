import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'

/** What of Yamux's streams is needed to know how much of its window a sender has left. */
interface WindowedStream {
  /** How much may be under way at once, in bytes. */
  recvWindow: number
  /** How much of it the sender has left. */
  recvWindowCapacity: number
  state: number
  sendWindowUpdate(): void
}

type Yamux = StreamMuxer & { _newStream(id: number, state: number, direction: string): WindowedStream }

/** Yamux's own name for a stream that has not been spoken of yet: its first window update is what opens it. */
const UNSPOKEN = 0

/**
 * Lets Yamux's receivers tell a sender that there is room again when half of the window is used, as Yamux's
 * description asks, and not with every message: such an update is a frame, an encryption and a write of its own, and
 * most messages of ours are smaller than it is worth. A stream's acknowledgement travels with the first answer on it.
 */
export function leanWindows<F extends StreamMuxerFactory, C>(create: (components: C) => F): (components: C) => F {
  return (components) => {
    const factory = create(components)
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(connection)
      if (!isYamux(muxer)) return muxer
      const newStream = muxer._newStream.bind(muxer)
      muxer._newStream = (id, state, direction) => withLeanWindow(newStream(id, state, direction))
      return muxer
    }
    return factory
  }
}

function withLeanWindow<S extends WindowedStream>(stream: S): S {
  if (!isWindowed(stream)) return stream
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    if (stream.state === UNSPOKEN || stream.recvWindowCapacity <= stream.recvWindow / 2) update()
  }
  return stream
}

function isYamux(muxer: StreamMuxer): muxer is Yamux {
  return typeof Reflect.get(muxer, '_newStream') === 'function'
}

function isWindowed(stream: WindowedStream): boolean {
  return [stream.recvWindow, stream.recvWindowCapacity, stream.state].every((value) => typeof value === 'number')
}
