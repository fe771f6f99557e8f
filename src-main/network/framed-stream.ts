import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { EspalierError } from '../../src-shared/errors'

/** Messages with a u32 big-endian length in front, on one long-lived libp2p stream. One reader, many writers. */
export interface FramedStream {
  /** The next message, or null when the peer ended the stream in order. Rejects when it broke. */
  read(): Promise<Uint8Array | null>
  /** Resolves when the message may be followed by another (back-pressure); rejects when the stream has ended. */
  write(...parts: Uint8Array[]): Promise<void>
  close(): Promise<void>
  abort(error: Error): void
  readonly closed: boolean
}

const HEADER_BYTES = 4
const PAUSE_ABOVE_BYTES = 512 * 1024
const RESUME_BELOW_BYTES = 128 * 1024

/**
 * Why not libp2p's own length-prefixed stream: it buffers without ever pausing the sender and aborts at 4 MiB
 * when its reader is slow. Two more traps are avoided here: `stream.onDrain()` resolves at once after its first
 * use (so we wait for the event), and pausing inside a `message` listener is undone when that listener returns
 * (so we pause in a microtask). The yamux window must be at most 2 MiB for the pause to come in time.
 */
export function frameStream(stream: Stream, maxMessageBytes: number): FramedStream {
  const buffer = new Uint8ArrayList()
  let wakeReader: (() => void) | null = null
  let failure: Error | null = null
  let ended = false

  const wake = () => {
    wakeReader?.()
    wakeReader = null
  }
  const pauseIfFull = () => {
    if (buffer.byteLength > PAUSE_ABOVE_BYTES && stream.readStatus === 'readable') stream.pause()
  }
  const resumeIfPaused = () => {
    if (stream.readStatus === 'paused') stream.resume()
  }
  stream.addEventListener('message', (event) => {
    buffer.append(event.data)
    if (buffer.byteLength > PAUSE_ABOVE_BYTES) queueMicrotask(pauseIfFull)
    wake()
  })
  const onEnd = (event: Event) => {
    ended = true
    const { error } = event as Event & { error?: Error }
    failure ??= error ?? null
    wake()
  }
  stream.addEventListener('close', onEnd)
  stream.addEventListener('remoteCloseWrite', onEnd)

  /** A whole message from the buffer, or null when more bytes are needed. */
  function takeMessage(): Uint8Array | null {
    if (buffer.byteLength < HEADER_BYTES) return null
    const length = buffer.getUint32(0)
    if (length > maxMessageBytes) {
      failure = new EspalierError('PROTOCOL_VIOLATION', `a message of ${length} bytes, the limit is ${maxMessageBytes}`)
      stream.abort(failure)
      throw failure
    }
    if (buffer.byteLength < HEADER_BYTES + length) return null
    const message = buffer.slice(HEADER_BYTES, HEADER_BYTES + length)
    buffer.consume(HEADER_BYTES + length)
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
        resumeIfPaused()
        if (failure) throw failure
        if (ended && stream.readBufferLength === 0) {
          if (buffer.byteLength > 0) throw new EspalierError('PROTOCOL_VIOLATION', 'the stream ended inside a message')
          return null
        }
        await new Promise<void>((resolve) => {
          wakeReader = resolve
        })
      }
    },
    async write(...parts) {
      const header = new Uint8Array(HEADER_BYTES)
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      new DataView(header.buffer).setUint32(0, length)
      if (stream.send(new Uint8ArrayList(header, ...parts))) return
      await new Promise<void>((resolve, reject) => {
        const onDrain = () => {
          stream.removeEventListener('close', onClose)
          resolve()
        }
        const onClose = (event: Event) => {
          stream.removeEventListener('drain', onDrain)
          reject(
            (event as Event & { error?: Error }).error ?? new EspalierError('PEER_UNREACHABLE', 'the stream closed'),
          )
        }
        stream.addEventListener('drain', onDrain, { once: true })
        stream.addEventListener('close', onClose, { once: true })
      })
    },
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
  }
}
