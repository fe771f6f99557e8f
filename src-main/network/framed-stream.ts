import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { EspalierError } from '../../src-shared/errors'
import { countUnsent, NO_LIMITS, type UnsentLimits } from './unsent'

/** Messages with a u32 big-endian length in front, on one long-lived libp2p stream. One reader, many writers. */
export interface FramedStream {
  /** The next message, or null when the peer ended the stream in order. Rejects when it broke. */
  read(): Promise<Uint8Array | null>
  /**
   * Instead of `read`: hands over each message as it arrives, within the stream's own event, until the stream ends in
   * order. Rejects when it broke, or when the listener threw. The listener bounds what it keeps waiting.
   */
  deliverTo(listener: (message: Uint8Array) => void): Promise<void>
  /**
   * Resolves when the message may be followed by another (back-pressure): a large one when little of it, and of what went
   * before it, waits. Rejects when the stream has ended. Callers that don't wait for it are held to the bounds of what may
   * be unsent: beyond them the stream ends.
   */
  write(...parts: Uint8Array[]): Promise<void>
  close(): Promise<void>
  /** Nothing that has arrived is handed over any more. */
  abort(error: Error): void
  readonly closed: boolean
  /** For whoever looks whether it goes on (standstill.ts). */
  readonly progress: StreamProgress
}

export interface StreamProgress {
  /** Messages that have arrived whole. */
  readonly messages: number
  /** Bytes of messages that have arrived and were not handed over: with a listener, of one that is not whole. */
  readonly unreadBytes: number
  /** Bytes that have gone out. */
  readonly sentBytes: number
  /** Bytes that wait until the other side reads. */
  readonly unsentBytes: number
}

const HEADER_BYTES = 4
const PAUSE_ABOVE_BYTES = 512 * 1024
const RESUME_BELOW_BYTES = 128 * 1024
const FLAT_BELOW_BYTES = 64 * 1024
/** Waits while the writer makes its next message, so that the line is never without work. */
const LITTLE_BYTES = 1024 * 1024

/**
 * Why not libp2p's own length-prefixed stream: it buffers without ever pausing the sender and aborts at 4 MiB
 * when its reader is slow. Two more traps are avoided here: `stream.onDrain()` resolves at once after its first
 * use (so we wait for the event), and pausing inside a `message` listener is undone when that listener returns
 * (so we pause in a microtask). The yamux window must be at most 2 MiB for the pause to come in time.
 * @param maxMessageBytes asked when the length of a message is there, before the rest of it is kept
 * @param limits without them whoever writes has to wait for each message
 */
export function frameStream(
  stream: Stream,
  maxMessageBytes: number | (() => number),
  limits: UnsentLimits = NO_LIMITS,
): FramedStream {
  const buffer = new Uint8ArrayList()
  let wakeReader: (() => void) | null = null
  let failure: Error | null = null
  let ended = false
  /** Nothing is heard of it any more: not that it ended either. */
  let isOver = false
  let messages = 0
  let writtenBytes = 0
  const unsent = countUnsent(stream)
  /** One for all that wait: what is hung on the stream for each of them would have to be looked through by each. */
  let drained: PromiseWithResolvers<void> | null = null
  let pushed: { listener: (message: Uint8Array) => void; end: PromiseWithResolvers<void> } | null = null

  const sentBytes = () => writtenBytes - stream.writeBufferLength
  const wake = () => {
    wakeReader?.()
    wakeReader = null
  }
  const pauseIfFull = () => {
    // A reader that waits needs the rest of a message that may be larger than the mark: pausing would starve it.
    const isFull = buffer.byteLength > PAUSE_ABOVE_BYTES && wakeReader === null
    if (isFull && stream.readStatus === 'readable') stream.pause()
  }
  const resumeIfPaused = () => {
    if (stream.readStatus === 'paused') stream.resume()
  }
  stream.addEventListener('message', (event) => {
    buffer.append(event.data)
    if (pushed) {
      push()
      return
    }
    if (buffer.byteLength > PAUSE_ABOVE_BYTES) queueMicrotask(pauseIfFull)
    wake()
  })
  const onEnd = (event: Event) => {
    ended = true
    const { error } = event as Event & { error?: Error }
    failure ??= error ?? null
    if (pushed) push()
    wake()
  }
  stream.addEventListener('close', onEnd)
  stream.addEventListener('remoteCloseWrite', onEnd)
  stream.addEventListener('drain', () => {
    drained?.resolve()
    drained = null
  })
  stream.addEventListener('close', (event) => {
    isOver = true
    drained?.reject(
      (event as Event & { error?: Error }).error ?? new EspalierError('PEER_UNREACHABLE', 'the stream closed'),
    )
    drained = null
  })

  /** Waiting for a later turn would let the muxer answer first: a window update costs more than the hand-over. */
  function push(): void {
    if (!pushed) return
    const { listener, end } = pushed
    try {
      for (let message = takeMessage(); message !== null; message = takeMessage()) listener(message)
      if (failure) throw failure
      if (!ended || stream.readBufferLength > 0) return
      if (buffer.byteLength > 0) throw new EspalierError('PROTOCOL_VIOLATION', 'the stream ended inside a message')
      end.resolve()
    } catch (error) {
      pushed = null
      end.reject(error)
    }
  }

  /** A whole message from the buffer, or null when more bytes are needed. */
  function takeMessage(): Uint8Array | null {
    if (stream.status === 'aborted' || buffer.byteLength < HEADER_BYTES) return null
    const length = buffer.getUint32(0)
    const limit = typeof maxMessageBytes === 'number' ? maxMessageBytes : maxMessageBytes()
    if (length > limit) {
      failure = new EspalierError('PROTOCOL_VIOLATION', `a message of ${length} bytes, the limit is ${limit}`)
      stream.abort(failure)
      throw failure
    }
    if (buffer.byteLength < HEADER_BYTES + length) return null
    const message = buffer.slice(HEADER_BYTES, HEADER_BYTES + length)
    buffer.consume(HEADER_BYTES + length)
    messages++
    if (buffer.byteLength < RESUME_BELOW_BYTES) resumeIfPaused()
    return message
  }

  return {
    get closed() {
      return ended || stream.status !== 'open'
    },
    async read() {
      for (;;) {
        const message = takeMessage()
        if (message !== null) return message
        if (failure) throw failure
        if (ended) resumeIfPaused()
        if (ended && stream.readBufferLength === 0) {
          if (buffer.byteLength > 0) throw new EspalierError('PROTOCOL_VIOLATION', 'the stream ended inside a message')
          return null
        }
        await new Promise<void>((resolve) => {
          wakeReader = resolve
          resumeIfPaused()
        })
      }
    },
    deliverTo(listener) {
      pushed = { listener, end: Promise.withResolvers<void>() }
      const { promise } = pushed.end
      push()
      return promise
    },
    async write(...parts) {
      const header = new Uint8Array(HEADER_BYTES)
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      new DataView(header.buffer).setUint32(0, length)
      // Small messages go as one piece: each piece would be encrypted and written on its own.
      const message = length <= FLAT_BELOW_BYTES ? concat(header, parts, length) : new Uint8ArrayList(header, ...parts)
      unsent.look()
      if (unsent.messages >= limits.messages || stream.writeBufferLength >= limits.bytes) {
        const what = `${unsent.messages} messages of ${stream.writeBufferLength} bytes wait, and it does not read`
        const error = new EspalierError('PEER_UNREACHABLE', what)
        stream.abort(error)
        throw error
      }
      writtenBytes += message.byteLength
      const end = writtenBytes
      const mayGoOn = stream.send(message)
      unsent.add(message.byteLength)
      if (mayGoOn) return
      // Yamux says `drain` with each update of its window, however much still waits. What is small waits for one only: it
      // need not stand still until others' rows before it are gone.
      do {
        drained ??= Promise.withResolvers<void>()
        await drained.promise
        if (length <= FLAT_BELOW_BYTES) return
        if (isOver) throw failure ?? new EspalierError('PEER_UNREACHABLE', 'the stream closed')
      } while (end - sentBytes() > LITTLE_BYTES)
    },
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
    get progress() {
      const unsentBytes = stream.writeBufferLength
      return { messages, unreadBytes: buffer.byteLength, sentBytes: sentBytes(), unsentBytes }
    },
  }
}

function concat(header: Uint8Array, parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(header.length + length)
  whole.set(header)
  let at = header.length
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
