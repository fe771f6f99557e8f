import { randomBytes } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import type { RecordForm } from '../network/profiles'
import {
  encodeRequest,
  MAX_WITNESS_BYTES,
  NONCE_BYTES,
  openVerdict,
  type Verdict,
  WITNESS_PROTOCOL,
} from './witness-wire'

const ASK_TIMEOUT_MS = 15_000

export interface WitnessAnswer {
  witness: string
  verdict: Verdict | null
  error: ErrorReport | null
}

/** Asks one peer for its verdict about us and checks whose it is: signature, nonce, subject. Never throws. */
export async function askWitness(
  host: Host,
  witness: PeerId,
  { keys, forms }: { keys: readonly string[]; forms: readonly RecordForm[] },
): Promise<WitnessAnswer> {
  const answer: WitnessAnswer = { witness: witness.toString(), verdict: null, error: null }
  const signal = AbortSignal.timeout(ASK_TIMEOUT_MS)
  try {
    await reachPeer(host, witness, signal)
    const stream = await host.dialProtocol(witness, WITNESS_PROTOCOL, { signal, runOnLimitedConnection: true })
    try {
      const lp = lpStream(stream, { maxDataLength: MAX_WITNESS_BYTES })
      const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
      await lp.write(encodeRequest({ v: 1, nonce, keys: [...keys], forms: [...forms] }), { signal })
      const reply = (await lp.read({ signal })).subarray()
      if (!witness.publicKey) throw new EspalierError('PROTOCOL_VIOLATION', 'a witness without a public key')
      const verdict = await openVerdict(reply, witness.publicKey)
      if (verdict.witness !== witness.toString() || verdict.subject !== host.peerId.toString()) {
        throw new EspalierError('PROTOCOL_VIOLATION', 'a verdict by or about somebody else')
      }
      if (!Buffer.from(verdict.nonce).equals(nonce))
        throw new EspalierError('PROTOCOL_VIOLATION', 'a verdict for another question')
      return { ...answer, verdict }
    } finally {
      await stream.close().catch((error: Error) => stream.abort(error))
    }
  } catch (error) {
    const report =
      error instanceof EspalierError ? error.report() : new EspalierError('PEER_UNREACHABLE', messageOf(error)).report()
    return { ...answer, error: report }
  }
}

/**
 * Two witnesses that we did not choose alone: one bootstrap, and one that a walk to a random place in the network
 * turned up. Nodes behind routers are on no such walk: where it leads to nobody, one of the peers that records name. Fewer
 * where the network is smaller.
 */
export function pickWitnesses(
  self: PeerId,
  bootstraps: readonly PeerId[],
  walked: readonly PeerId[],
  named: readonly PeerId[],
  random: () => number,
): PeerId[] {
  const one = (peers: readonly PeerId[]) => peers.slice(Math.floor(random() * peers.length))[0]
  const first = one(bootstraps.filter((peer) => !peer.equals(self)))
  const isAnother = (peer: PeerId) => !peer.equals(self) && !(first && peer.equals(first))
  const second = one(walked.filter(isAnother)) ?? one(named.filter(isAnother))
  return [first, second].filter((peer) => peer !== undefined)
}
