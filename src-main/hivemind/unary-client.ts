import { randomBytes } from 'node:crypto'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { plainBytes } from './bytes'
import { abortError } from './deadline'
import { CALL_ID_BYTES, decodeReply, encodeCall, MAX_FRAME_BYTES } from './envelope'
import { openFrames } from './frames'
import { peerToBytes } from './peer-bytes'

export interface UnaryCallOptions {
  /** Covers dialling, sending and waiting. There is no other limit: always bring one with a deadline. */
  signal: AbortSignal
  /** The largest reply accepted; at most 4 MiB. */
  maxReplyBytes?: number
}

const REMOTE_TEXT_MAX = 300
/** To one peer; our own callers keep to far fewer. */
const MAX_OUTBOUND_STREAMS = 256

/**
 * One unary call of hivemind, on a stream of its own.
 * @returns the payload of the reply, possibly empty
 * @throws REMOTE_ERROR with the peer's words, PROTOCOL_UNSUPPORTED, PEER_UNREACHABLE (no connection, or it closed
 * without an answer), TIMED_OUT or CANCELLED by the signal, PROTOCOL_VIOLATION, BAD_ARGUMENT (more than 4 MiB)
 */
export async function callUnary(
  libp2p: Pick<Libp2p, 'dialProtocol'>,
  peer: PeerId,
  protocol: string,
  payload: Uint8Array,
  { signal, maxReplyBytes = MAX_FRAME_BYTES }: UnaryCallOptions,
): Promise<Uint8Array> {
  const callId = new Uint8Array(randomBytes(CALL_ID_BYTES))
  const frame = encodeCall({ callId, peer: peerToBytes(peer), protocol, payload })
  if (signal.aborted) throw abortError(signal)
  let stream: Stream | undefined
  try {
    stream = await libp2p.dialProtocol(peer, protocol, {
      signal,
      // Without it a call over a relay is refused by our own library.
      runOnLimitedConnection: true,
      maxOutboundStreams: MAX_OUTBOUND_STREAMS,
    })
    const frames = openFrames(stream, maxReplyBytes)
    // Nothing may follow the request, and the stream stays open for writing until the reply is here: the other
    // side takes an end of stream or one more byte as "cancelled" and then never answers.
    await frames.write(frame, { signal })
    const reply = decodeReply(plainBytes((await frames.read({ signal })).subarray()))
    closeQuietly(stream)
    if ('errorText' in reply) throw new EspalierError('REMOTE_ERROR', plainText(reply.errorText))
    return reply.payload
  } catch (error) {
    const failure = failureOf(error, signal, peer, protocol)
    if (failure.code !== 'REMOTE_ERROR') stream?.abort(failure)
    throw failure
  }
}

/** The reply is here: whether the goodbye arrives does not matter, but the stream must not stay. */
function closeQuietly(stream: Stream): void {
  stream.close().catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error(String(error))))
}

/** A stranger's text: shortened, and without control characters that could forge log lines or colours. */
export function plainText(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, REMOTE_TEXT_MAX)
}

const VIOLATIONS = ['InvalidMessageLengthError', 'InvalidDataLengthError', 'InvalidDataLengthLengthError']

/** What went wrong in a call, in our own codes. */
export function failureOf(error: unknown, signal: AbortSignal, peer: PeerId, protocol: string): EspalierError {
  if (error instanceof EspalierError) return error
  if (signal.aborted) return abortError(signal)
  const name = error instanceof Error ? error.name : ''
  if (name === 'UnsupportedProtocolError') {
    return new EspalierError('PROTOCOL_UNSUPPORTED', `${protocol} at ${peer}`, { cause: error })
  }
  if (VIOLATIONS.includes(name) || name === 'StreamBufferError') {
    return new EspalierError('PROTOCOL_VIOLATION', messageOf(error), { cause: error })
  }
  if (name === 'TimeoutError') return new EspalierError('TIMED_OUT', `${peer}`, { cause: error })
  return new EspalierError('PEER_UNREACHABLE', `${peer}: ${messageOf(error)}`, { cause: error })
}
