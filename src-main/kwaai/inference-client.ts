import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import { withDeadline } from '../hivemind/deadline'
import { callUnary, plainText } from '../hivemind/unary-client'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import { RouteError } from '../pipeline/route-error'
import { decodeReply, encodeRequest, type InferenceReply, type InferenceRequest } from './inference-wire'
import { INFERENCE_PROTOCOL } from './protocols'

/** Pauses before a call is made again, as KwaaiNet's own callers make them. */
const PAUSES_MS = [200, 400] as const
/** A node there computes a whole prompt in one call; the generation that waits has a shorter patience of its own. */
const HOP_TIMEOUT_MS = 300_000

/**
 * Has a node of a chain compute rows. A connection that breaks is tried again, twice: nodes keep the answer for that.
 * Throws RouteError about the peer: STAGE_LOST (gone, or its blocks are still loading), PROTOCOL_VIOLATION;
 * CANCELLED by the signal.
 */
export async function callInference(
  { host, clock }: { host: Host; clock: Clock },
  peer: string,
  request: InferenceRequest,
  signal: AbortSignal,
): Promise<Exclude<InferenceReply, { error: string }>> {
  const payload = encodeRequest(request)
  const ask = async (within: AbortSignal) => {
    const peerId = peerIdFromString(peer)
    await reachPeer(host, peerId, within)
    return decodeReply(await callUnary(host, peerId, INFERENCE_PROTOCOL, payload, { signal: within }))
  }
  for (let attempt = 0; ; attempt++) {
    try {
      const reply = await withDeadline(clock, HOP_TIMEOUT_MS, [signal], ask)
      if ('error' in reply) throw new RouteError('STAGE_LOST', `${peer} says: ${plainText(reply.error)}`, peer)
      if (reply.sessionId !== request.sessionId)
        throw new EspalierError('PROTOCOL_VIOLATION', 'an answer for another session')
      return reply
    } catch (error) {
      if (signal.aborted) throw signal.reason instanceof EspalierError ? signal.reason : new EspalierError('CANCELLED')
      if (error instanceof RouteError) throw error
      const pauseMs = isErrorCode(error, 'PEER_UNREACHABLE') ? PAUSES_MS[attempt] : undefined
      if (pauseMs === undefined) {
        const code = isErrorCode(error, 'PROTOCOL_VIOLATION') ? error.code : 'STAGE_LOST'
        throw new RouteError(code, `${peer} (${messageOf(error)})`, peer, { cause: error })
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }
}
