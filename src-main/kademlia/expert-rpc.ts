import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import { plainBytes } from '../hivemind/bytes'
import { withDeadline } from '../hivemind/deadline'
import { decodeExpertInfo, decodeExpertUid, encodeExpertInfo, encodeExpertUid } from '../hivemind/messages'
import { ProtoWriter, protoFields } from '../hivemind/protobuf'
import { createReplyCache } from '../hivemind/reply-cache'
import { failureOf, plainText } from '../hivemind/unary-client'
import { decodeExpertDescription, type ExpertDescription, encodeExpertDescription } from './expert-info'

/** How a map asks a server about itself in this form. */
export const EXPERT_PROTOCOL = '/hivemind/0.0.0/rpc'

const LENGTH_BYTES = 8
const MESSAGE = 0
const FAILURE = 1
const MAX_FRAME_BYTES = 65_536
const IO_TIMEOUT_MS = 10_000
const MAX_INBOUND_STREAMS = 256

/** One frame: 8 bytes of length (big-endian, the marker included), a marker (0 message, 1 error), protobuf. */
export function encodeExpertFrame(marker: number, body: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(LENGTH_BYTES + 1 + body.length)
  frame.writeBigUInt64BE(BigInt(1 + body.length))
  frame[LENGTH_BYTES] = marker
  frame.set(body, LENGTH_BYTES + 1)
  return frame
}

/** The uid that a request frame's payload asks about; empty for the server as a whole. @throws PROTOCOL_VIOLATION */
export function decodeExpertRequest(payload: Uint8Array): string {
  if (payload[0] !== MESSAGE) throw new EspalierError('PROTOCOL_VIOLATION', 'a request that is not a message')
  return decodeExpertUid(payload.subarray(1))
}

/** @throws REMOTE_ERROR with the peer's words, PROTOCOL_VIOLATION */
export function decodeExpertReply(payload: Uint8Array): ExpertDescription {
  const [marker] = payload
  const body = payload.subarray(1)
  if (marker === FAILURE) throw new EspalierError('REMOTE_ERROR', plainText(errorTextOf(body)))
  if (marker !== MESSAGE) throw new EspalierError('PROTOCOL_VIOLATION', `a reply with the marker ${marker}`)
  return decodeExpertDescription(decodeExpertInfo(body))
}

export function encodeExpertError(text: string): Uint8Array {
  return encodeExpertFrame(FAILURE, new ProtoWriter().text(1, text.slice(0, 1_000)).finish())
}

function errorTextOf(body: Uint8Array): string {
  for (const field of protoFields(body)) if (field.number === 1) return field.text(MAX_FRAME_BYTES)
  return 'no reason given'
}

function openFrames(stream: Stream) {
  return lpStream(stream, {
    maxDataLength: MAX_FRAME_BYTES,
    maxBufferSize: 2 * MAX_FRAME_BYTES,
    maxLengthLength: LENGTH_BYTES,
    lengthDecoder(prefix) {
      const bytes = Buffer.from(prefix.subarray())
      // A RangeError asks for more bytes.
      if (bytes.length < LENGTH_BYTES) throw new RangeError('incomplete')
      const length = bytes.readBigUInt64BE()
      if (length < 1n || length > BigInt(MAX_FRAME_BYTES)) {
        throw new EspalierError('PROTOCOL_VIOLATION', `a frame of ${length} bytes`)
      }
      return Number(length)
    },
  })
}

export interface ExpertServerOptions {
  clock: Clock
  /** About the server as a whole (empty uid) or one block; null when that block is not served here. */
  describe: (uid: string) => ExpertDescription | null
  onFailure?: (error: unknown, peer: PeerId) => void
  /** Told who was answered. */
  onCall?: (peer: PeerId) => void
}

/** Answers until the returned function is called. One request a stream; the caller has closed its side after it. */
export async function serveExpertInfo(
  libp2p: Pick<Libp2p, 'handle' | 'unhandle'>,
  { clock, describe, onFailure, onCall }: ExpertServerOptions,
): Promise<() => Promise<void>> {
  const stopping = new AbortController()
  const frameAbout = createReplyCache(clock, (uid) => {
    const found = describe(uid)
    if (!found) throw new EspalierError('BAD_ARGUMENT', `not served here: ${uid.slice(0, 100)}`)
    return encodeExpertFrame(MESSAGE, encodeExpertInfo(encodeExpertDescription(found)))
  })

  function replyTo(payload: Uint8Array): Uint8Array {
    try {
      return frameAbout(decodeExpertRequest(payload))
    } catch (error) {
      if (!(error instanceof EspalierError)) throw error
      return encodeExpertError(`${error.code}: ${error.message}`)
    }
  }

  await libp2p.handle(
    EXPERT_PROTOCOL,
    async (stream, connection) => {
      try {
        await withDeadline(clock, IO_TIMEOUT_MS, [stopping.signal], async (signal) => {
          const request = plainBytes((await openFrames(stream).read({ signal })).subarray())
          stream.send(replyTo(request))
          onCall?.(connection.remotePeer)
          await stream.close({ signal })
        })
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
        if (!isErrorCode(error, 'CANCELLED')) onFailure?.(error, connection.remotePeer)
      }
    },
    { runOnLimitedConnection: true, maxInboundStreams: MAX_INBOUND_STREAMS },
  )
  return async () => {
    await libp2p.unhandle(EXPERT_PROTOCOL)
    stopping.abort(new EspalierError('CANCELLED', 'shutting down'))
  }
}

/**
 * Asks a peer about itself (empty uid) or one block that it serves.
 * @throws REMOTE_ERROR, PROTOCOL_UNSUPPORTED, PEER_UNREACHABLE, TIMED_OUT or CANCELLED, PROTOCOL_VIOLATION
 */
export async function callExpertInfo(
  libp2p: Pick<Libp2p, 'dialProtocol'>,
  peer: PeerId,
  uid: string,
  { signal }: { signal: AbortSignal },
): Promise<ExpertDescription> {
  let stream: Stream | undefined
  try {
    stream = await libp2p.dialProtocol(peer, EXPERT_PROTOCOL, { signal, runOnLimitedConnection: true })
    const frames = openFrames(stream)
    stream.send(encodeExpertFrame(MESSAGE, encodeExpertUid(uid)))
    // The end of our side is what tells the other that the request is whole.
    const closed = stream.close({ signal })
    const reply = plainBytes((await frames.read({ signal })).subarray())
    await closed
    return decodeExpertReply(reply)
  } catch (error) {
    const failure = failureOf(error, signal, peer, EXPERT_PROTOCOL)
    stream?.abort(failure)
    throw failure
  }
}
