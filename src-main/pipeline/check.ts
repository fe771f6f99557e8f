import { randomBytes } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { EspalierError } from '../../src-shared/errors'
import { frameStream } from '../network/framed-stream'
import type { Host } from '../network/host'
import {
  BOUND_PROTOCOL,
  type CheckedBody,
  decodeFrame,
  encodeFrame,
  MAX_BODY_FRAME_BYTES,
  PIPELINE_PROTOCOL,
} from './frames'

/**
 * Asks a peer what it serves, over the very protocol that generations use, on a stream of its own. Over BOUND_PROTOCOL it
 * shows its token too, in networks for members only; peers that do not speak that reject with UnsupportedProtocolError.
 */
export function checkPipeline(
  host: Host,
  peer: PeerId,
  signal: AbortSignal,
  protocol: typeof PIPELINE_PROTOCOL | typeof BOUND_PROTOCOL = PIPELINE_PROTOCOL,
): Promise<CheckedBody> {
  return ask(host, peer, signal, { protocols: [protocol], id: randomBytes(16).toString('hex') })
}

/**
 * Asks a peer of a route whether it serves, and how far this session of ours is there. Those that do not speak
 * BOUND_PROTOCOL do not say that.
 */
export function checkPeer(host: Host, peer: PeerId, signal: AbortSignal, session?: string): Promise<CheckedBody> {
  if (session === undefined) return checkPipeline(host, peer, signal)
  return ask(host, peer, signal, { protocols: [BOUND_PROTOCOL, PIPELINE_PROTOCOL], id: session })
}

/** @param id what the question is about; the answer is to that and to no other one */
async function ask(
  host: Host,
  peer: PeerId,
  signal: AbortSignal,
  { protocols, id }: { protocols: string[]; id: string },
): Promise<CheckedBody> {
  const stream = await host.dialProtocol(peer, protocols, { signal, runOnLimitedConnection: true })
  const framed = frameStream(stream, MAX_BODY_FRAME_BYTES)
  const onAbort = () => framed.abort(new EspalierError('TIMED_OUT', `${peer} on the pipeline protocol`))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await framed.write(...encodeFrame({ type: 'check', session: id }))
    const bytes = await framed.read()
    if (bytes === null) throw new EspalierError('PEER_UNREACHABLE', `${peer} ended the stream`)
    const frame = decodeFrame(bytes)
    if (frame.session !== id) throw new EspalierError('PROTOCOL_VIOLATION', 'an answer to another question')
    if (frame.type === 'error') throw new EspalierError(frame.body.code, frame.body.cause)
    if (frame.type !== 'checked') throw new EspalierError('PROTOCOL_VIOLATION', `a ${frame.type} frame as the answer`)
    return frame.body
  } finally {
    signal.removeEventListener('abort', onAbort)
    await stream.close().catch((error: Error) => stream.abort(error))
  }
}
