import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import { plainBytes } from './bytes'
import { withDeadline } from './deadline'
import { decodeCall, encodeReply, MAX_FRAME_BYTES, type UnaryCall } from './envelope'
import { openFrames } from './frames'
import { encodeVarint } from './protobuf'

export interface UnaryCaller {
  /** Who the connection proved to be; what the message says about it is not even looked at. */
  readonly peer: PeerId
  readonly connection: Connection
  /** Aborts when the caller no longer waits. */
  readonly signal: AbortSignal
}

export type UnaryHandler = (payload: Uint8Array, caller: UnaryCaller) => Promise<Uint8Array> | Uint8Array

export interface ServeUnaryOptions {
  clock: Clock
  /** How long the request may take to arrive, and the reply to leave. */
  ioTimeoutMs?: number
  maxRequestBytes?: number
  /** Told about what failed here and why; the caller only learns the code and our own words. */
  onFailure?: (error: unknown, peer: PeerId) => void
}

/** Monitors ask with dozens of workers at once; the library's default of 32 would reset some of them. */
const MAX_INBOUND_STREAMS = 256

/**
 * Serves one unary protocol until the returned function is called.
 * An error thrown by the handler reaches the caller as an error reply; a request that is not one is not answered.
 */
export async function serveUnary(
  libp2p: Pick<Libp2p, 'handle' | 'unhandle'>,
  protocol: string,
  handler: UnaryHandler,
  options: ServeUnaryOptions,
): Promise<() => Promise<void>> {
  const { clock, ioTimeoutMs = 10_000, maxRequestBytes = MAX_FRAME_BYTES, onFailure } = options
  // What a request carries beside its payload: identifiers and lengths.
  const maxFrameBytes = Math.min(MAX_FRAME_BYTES, maxRequestBytes + 4096)
  const answering = new Set<AbortController>()

  async function answer(stream: Stream, connection: Connection): Promise<void> {
    const cancelled = new AbortController()
    answering.add(cancelled)
    const caller = { peer: connection.remotePeer, connection, signal: cancelled.signal }
    try {
      const frames = openFrames(stream, maxFrameBytes)
      const received = countBytes(stream)
      const frame = await withDeadline(clock, ioTimeoutMs, [cancelled.signal], (signal) => frames.read({ signal }))
      const call = decodeCall(plainBytes(frame.subarray()))
      const stopListening = cancelOnGoodbye(stream, received, frame.byteLength, cancelled)
      const reply = await replyTo(call, caller)
      if (cancelled.signal.aborted) throw new EspalierError('CANCELLED', 'the caller no longer waits')
      await withDeadline(clock, ioTimeoutMs, [cancelled.signal], (signal) => frames.write(reply, { signal }))
      // Every call ends with the caller's goodbye: from here on it cancels nothing.
      stopListening()
      await withDeadline(clock, ioTimeoutMs, [], (signal) => stream.close({ signal }))
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      if (!isErrorCode(error, 'CANCELLED')) onFailure?.(error, caller.peer)
    } finally {
      answering.delete(cancelled)
    }
  }

  async function replyTo(call: UnaryCall, caller: UnaryCaller): Promise<Uint8Array> {
    try {
      return encodeReply({ callId: call.callId, payload: await handler(call.payload, caller) })
    } catch (error) {
      onFailure?.(error, caller.peer)
      const errorText = error instanceof EspalierError ? `${error.code}: ${error.message}` : 'INTERNAL'
      return encodeReply({ callId: call.callId, errorText: errorText.slice(0, 1000) })
    }
  }

  await libp2p.handle(protocol, answer, {
    runOnLimitedConnection: true,
    maxInboundStreams: MAX_INBOUND_STREAMS,
  })
  return async () => {
    await libp2p.unhandle(protocol)
    for (const controller of answering) controller.abort(new EspalierError('CANCELLED', 'shutting down'))
  }
}

function countBytes(stream: Stream): () => number {
  let count = 0
  stream.addEventListener('message', (event) => {
    count += event.data.byteLength
  })
  return () => count
}

/**
 * The caller cancels by ending or resetting the stream, or by one more byte: there is no message for it.
 * A daemon of the reference implementation treats all of them so, and callers rely on it.
 */
function cancelOnGoodbye(
  stream: Stream,
  received: () => number,
  frameBytes: number,
  cancelled: AbortController,
): Disposer {
  const cancel = () => cancelled.abort(new EspalierError('CANCELLED', 'the caller no longer waits'))
  const isOpen = () => stream.status === 'open' && stream.remoteWriteStatus === 'writable'
  if (!isOpen() || received() > encodeVarint(frameBytes).length + frameBytes) cancel()
  const goodbyes = ['message', 'remoteCloseWrite', 'close'] as const
  for (const goodbye of goodbyes) stream.addEventListener(goodbye, cancel, { once: true })
  return () => {
    for (const goodbye of goodbyes) stream.removeEventListener(goodbye, cancel)
  }
}
