import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { EspalierError } from '../../../src-shared/errors'
import type { ByteSink } from '../sources/source'

/** A libp2p stream as bytes in order: read by one, written by one. */
export interface ByteStream {
  readonly closed: boolean
  /** The next `sizeBytes` as one array; null when the peer ended the stream in order before the first of them. */
  take(sizeBytes: number): Promise<Uint8Array | null>
  /** Hands on the next `sizeBytes` as they arrive, without a copy. While the sink's promise is open the peer waits. */
  pour(sizeBytes: number, sink: ByteSink): Promise<void>
  /** Undefined when more may follow at once, else resolves when it may. The bytes must not change afterwards. */
  send(bytes: Uint8Array): Promise<void> | undefined
  close(): Promise<void>
  abort(error: Error): void
}

const PAUSE_ABOVE_BYTES = 512 * 1024

interface Reader {
  left: number
  readonly sink: ByteSink
  readonly end: PromiseWithResolvers<void>
  isBlocked: boolean
}

/**
 * Why not network/framed-stream.ts: messages of a fixed size in front of the bytes would have every byte copied twice
 * more. The same three traps of libp2p streams are avoided (see there): the `drain` event and not `onDrain()`, a pause
 * in a microtask, and a yamux window of at most 2 MiB.
 */
export function byteStream(stream: Stream): ByteStream {
  const queue: Uint8Array[] = []
  let queuedBytes = 0
  let isEnded = false
  let failure: Error | null = null
  let reader: Reader | null = null
  let isPumping = false

  stream.addEventListener('message', ({ data }: { data: Uint8Array | Uint8ArrayList }) => {
    if (data instanceof Uint8Array) queue.push(data)
    else queue.push(...data)
    queuedBytes += data.byteLength
    pump()
    if (queuedBytes > PAUSE_ABOVE_BYTES) queueMicrotask(pauseIfFull)
  })
  const onEnd = (event: Event & { error?: Error }) => {
    isEnded = true
    failure ??= event.error ?? null
    pump()
  }
  stream.addEventListener('close', onEnd)
  stream.addEventListener('remoteCloseWrite', onEnd)

  function pauseIfFull(): void {
    const isWaitedFor = reader !== null && !reader.isBlocked
    if (queuedBytes > PAUSE_ABOVE_BYTES && !isWaitedFor && stream.readStatus === 'readable') stream.pause()
  }

  function pump(): void {
    // A sink may ask for more at once, from within.
    if (isPumping) return
    isPumping = true
    try {
      while (reader !== null && !reader.isBlocked && pumpOne(reader)) {
        // Goes on until the reader has what it wants, waits, or nothing is there.
      }
    } finally {
      isPumping = false
    }
    if (queuedBytes < PAUSE_ABOVE_BYTES / 4 && stream.readStatus === 'paused' && !reader?.isBlocked) stream.resume()
  }

  function pumpOne(current: Reader): boolean {
    if (current.left === 0) {
      reader = null
      current.end.resolve()
      return false
    }
    const [first] = queue
    if (first === undefined) {
      if (failure !== null || (isEnded && stream.readBufferLength === 0)) {
        reader = null
        current.end.reject(failure ?? new EspalierError('PEER_UNREACHABLE', 'the peer ended the stream'))
      }
      return false
    }
    const part = first.byteLength <= current.left ? first : first.subarray(0, current.left)
    if (part === first) queue.shift()
    else queue[0] = first.subarray(current.left)
    queuedBytes -= part.byteLength
    current.left -= part.byteLength
    const taken = current.sink(part)
    if (taken === undefined) return true
    current.isBlocked = true
    taken.then(
      () => {
        current.isBlocked = false
        pump()
      },
      (error: unknown) => {
        if (reader === current) reader = null
        current.end.reject(error)
      },
    )
    return false
  }

  function pour(sizeBytes: number, sink: ByteSink): Promise<void> {
    if (reader !== null) return Promise.reject(new EspalierError('INTERNAL', 'two readers on one stream'))
    const end = Promise.withResolvers<void>()
    reader = { left: sizeBytes, sink, end, isBlocked: false }
    pump()
    return end.promise
  }

  return {
    get closed() {
      return isEnded || stream.status !== 'open'
    },
    pour,
    async take(sizeBytes) {
      const bytes = new Uint8Array(sizeBytes)
      let filled = 0
      try {
        await pour(sizeBytes, (part) => {
          bytes.set(part, filled)
          filled += part.byteLength
          return undefined
        })
      } catch (error) {
        if (filled === 0 && failure === null && isEnded) return null
        throw error
      }
      return bytes
    },
    send(bytes) {
      if (stream.send(bytes)) return undefined
      return new Promise<void>((resolve, reject) => {
        const done = () => {
          stream.removeEventListener('close', onClose)
          resolve()
        }
        const onClose = (event: Event & { error?: Error }) => {
          stream.removeEventListener('drain', done)
          reject(event.error ?? new EspalierError('PEER_UNREACHABLE', 'the stream closed'))
        }
        stream.addEventListener('drain', done, { once: true })
        stream.addEventListener('close', onClose, { once: true })
      })
    },
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
  }
}
