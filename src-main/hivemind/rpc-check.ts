import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { decodePingRequest, decodePingResponse, encodePingRequest } from './messages'
import { peerFromBytes, peerToBytes } from './peer-bytes'
import { ProtoWriter } from './protobuf'
import { RPC_CHECK } from './protocols'
import { callUnary } from './unary-client'
import { serveUnary, type UnaryCaller } from './unary-server'

// By which Petals' servers find out whether they can be reached: one asks another, and that one calls it back from a
// host of its own that listens nowhere. The messages are those of the DHT's ping, with a peer id in the node id's place.

export function encodeCheckRequest(subject: PeerId): Uint8Array {
  return encodePingRequest({ node: peerToBytes(subject), validate: false })
}

/** @throws PROTOCOL_VIOLATION when it names no peer */
export function decodeCheckRequest(bytes: Uint8Array): PeerId {
  const subject = peerFromBytes(decodePingRequest(bytes).node)
  if (!subject) throw new EspalierError('PROTOCOL_VIOLATION', 'rpc_check without a peer id')
  return subject
}

/** Nothing but the answer: Petals sends no node with it, and leaves a false one out. */
export function encodeCheckReply(isAvailable: boolean): Uint8Array {
  const writer = new ProtoWriter()
  return (isAvailable ? writer.bool(5, true) : writer).finish()
}

export interface RpcCheckOptions {
  clock: Clock
  /** Somebody reached us and asks whether we are who it wanted to reach. */
  onMet(caller: UnaryCaller): void
  /** Whether the peer that asks can be reached. What it throws reaches the caller as "cannot say". */
  lookAt(caller: UnaryCaller): Promise<boolean>
}

/**
 * Answers until the returned function is called. Petals asks a peer about that peer, or about itself; whoever names a
 * third one would have us dial for it, and is refused.
 */
export function serveRpcCheck(
  libp2p: Pick<Libp2p, 'handle' | 'unhandle' | 'peerId'>,
  { clock, onMet, lookAt }: RpcCheckOptions,
): Promise<() => Promise<void>> {
  return serveUnary(
    libp2p,
    RPC_CHECK,
    async (payload, caller) => {
      const subject = decodeCheckRequest(payload)
      if (subject.equals(libp2p.peerId)) {
        onMet(caller)
        return encodeCheckReply(true)
      }
      if (!subject.equals(caller.peer)) {
        throw new EspalierError('BAD_ARGUMENT', 'only the peer that asks is looked at')
      }
      return encodeCheckReply(await lookAt(caller))
    },
    { clock, maxRequestBytes: 4_096 },
  )
}

/** Whether `peer` says that it reaches `subject`. @throws as `callUnary`, and PROTOCOL_VIOLATION */
export async function callRpcCheck(
  libp2p: Pick<Libp2p, 'dialProtocol'>,
  peer: PeerId,
  subject: PeerId,
  { signal }: { signal: AbortSignal },
): Promise<boolean> {
  const reply = await callUnary(libp2p, peer, RPC_CHECK, encodeCheckRequest(subject), { signal, maxReplyBytes: 4_096 })
  return decodePingResponse(reply).available
}
