import type { Libp2p, PeerId } from '@libp2p/interface'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { type ByteStream, byteStream } from '../peers/byte-stream'
import {
  ANSWER,
  decodeBitmap,
  MAX_READ_BYTES,
  PIECES_PROTOCOL,
  readHave,
  readHead,
  sendRequest,
} from '../peers/pieces-wire'
import type { ByteRequest, ByteSink, ByteSource } from './source'

/** Another node that has pieces: on the same network (`lan`) or anywhere (`swarm`). */
export function peerSource(host: Pick<Libp2p, 'dialProtocol'>, peer: PeerId, kind: 'lan' | 'swarm'): ByteSource {
  let frames: ByteStream | null = null
  let root = ''

  async function stream(signal: AbortSignal): Promise<ByteStream> {
    if (frames !== null && !frames.closed) return frames
    try {
      frames = byteStream(await host.dialProtocol(peer, PIECES_PROTOCOL, { signal }))
      return frames
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const isOther = error instanceof Error && error.name === 'UnsupportedProtocolError'
      throw new EspalierError(isOther ? 'SOURCE_REFUSED' : 'PEER_UNREACHABLE', messageOf(error), { cause: error })
    }
  }

  /** Ends the stream when the signal does: an answer that nobody waits for any more would be taken for the next one. */
  async function speak<T>(signal: AbortSignal, run: (frames: ByteStream) => Promise<T>): Promise<T> {
    const current = await stream(signal)
    const onAbort = () => current.abort(new EspalierError('CANCELLED'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      if (signal.aborted) throw signal.reason
      return await run(current)
    } catch (error) {
      const isAnswered =
        error instanceof EspalierError && /^(SOURCE_REFUSED|SOURCE_BUSY|REMOTE_ERROR)$/.test(error.code)
      if (!isAnswered) current.abort(error instanceof Error ? error : new Error(String(error)))
      if (signal.aborted) throw signal.reason
      if (error instanceof EspalierError || error instanceof SinkFailure) throw error
      throw new EspalierError('PEER_UNREACHABLE', messageOf(error), { cause: error })
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function readPart({ offset, sizeBytes }: ByteRequest, sink: ByteSink, signal: AbortSignal): Promise<void> {
    await speak(signal, async (current) => {
      await sendRequest(current, { v: 1, op: 'read', root, offset, size: sizeBytes })
      for (let left = sizeBytes; left > 0; ) {
        const head = await readHead(current)
        if (head.kind !== ANSWER.data || head.sizeBytes === 0 || head.sizeBytes > left) {
          throw new EspalierError('PROTOCOL_VIOLATION', 'more or other bytes than were asked for')
        }
        left -= head.sizeBytes
        await current.pour(head.sizeBytes, (bytes) =>
          sink(bytes)?.catch((error: unknown) => {
            throw new SinkFailure(error)
          }),
        )
      }
    }).catch((error: unknown) => {
      throw error instanceof SinkFailure ? error.failure : error
    })
  }

  return {
    id: `${kind}:${peer.toString()}`,
    kind,
    label: `${peer.toString().slice(0, 4)}…${peer.toString().slice(-6)}`,
    hasHeader: true,
    async open(manifest, signal) {
      root = manifest.root
      return speak(signal, async (current) => {
        await sendRequest(current, { v: 1, op: 'have', root })
        return decodeBitmap((await readHave(current)).pieces, manifest.pieces.length)
      })
    },
    async read({ offset, sizeBytes }, sink, signal) {
      for (let done = 0; done < sizeBytes; done += MAX_READ_BYTES) {
        const part = { offset: offset + done, sizeBytes: Math.min(MAX_READ_BYTES, sizeBytes - done) }
        await readPart(part, sink, signal)
      }
    },
    async close() {
      await frames?.close().catch(() => undefined)
      frames = null
    },
  }
}

/** What the sink throws is not the peer's doing, and reaches the caller as it is. */
class SinkFailure extends Error {
  constructor(readonly failure: unknown) {
    super('the sink failed')
  }
}
