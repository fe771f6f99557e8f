import type { Connection, Stream, StreamMuxer } from '@libp2p/interface'

/** Who decides about the streams that the other side opens. */
export interface StreamGate {
  /** Undefined as long as libp2p has not made a connection of this muxer. */
  connectionOf(streams: readonly Stream[]): Connection | undefined
  /** Whether there is room for one more; counts it. */
  admits(connection: Connection): boolean
  /** Told of a stream that was admitted. */
  admitted(connection: Connection, stream: Stream): void
  /** Told after each refusal. May cut the connection. */
  refused(connection: Connection): void
  /** What a stream ends with that is there already. */
  readonly reason: Error
}

/** What of Yamux is needed to refuse a stream before one is made. */
type Yamux = StreamMuxer & {
  incomingStream(id: number): void
  sendFrame(header: { type: number; flag: number; streamID: number; length: number }): unknown
}

// Of Yamux's wire format.
const WINDOW_UPDATE = 1
const RESET = 8

/**
 * Asks the gate about every stream that comes over a muxer, before anything is negotiated on it. Yamux is asked to
 * answer with a reset and make nothing: a stream is three dozen objects, and a flood makes a thousand a second.
 */
export function gateStreams(muxer: StreamMuxer, gate: StreamGate): StreamMuxer {
  // Set while Yamux makes a stream that was admitted a moment ago.
  let isAdmitted = false

  if (isYamux(muxer)) {
    const open = muxer.incomingStream.bind(muxer)
    muxer.incomingStream = (id) => {
      const connection = gate.connectionOf(muxer.streams)
      if (connection && !gate.admits(connection)) {
        if (muxer.status === 'open') muxer.sendFrame({ type: WINDOW_UPDATE, flag: RESET, streamID: id, length: 0 })
        gate.refused(connection)
        return
      }
      isAdmitted = connection !== undefined
      try {
        open(id)
      } finally {
        isAdmitted = false
      }
    }
  }

  const listen = muxer.addEventListener.bind(muxer)
  // Around libp2p's own listener: one of ours beside it would make the muxer think that somebody listens already.
  muxer.addEventListener = (
    type: string,
    listener: ((event: CustomEvent<Stream>) => void) | null,
    options?: unknown,
  ) => {
    const guarded = (event: CustomEvent<Stream>) => {
      const connection = gate.connectionOf(muxer.streams)
      if (connection && !isAdmitted && !gate.admits(connection)) {
        event.detail.abort(gate.reason)
        gate.refused(connection)
        return
      }
      if (connection) gate.admitted(connection, event.detail)
      listener?.(event)
    }
    Reflect.apply(listen, muxer, [type, type === 'stream' ? guarded : listener, options])
  }
  return muxer
}

function isYamux(muxer: StreamMuxer): muxer is Yamux {
  return ['incomingStream', 'sendFrame'].every((name) => typeof Reflect.get(muxer, name) === 'function')
}
