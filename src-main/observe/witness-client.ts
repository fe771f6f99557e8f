import { randomBytes } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
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
const MAX_WITNESSES = 4
/** Among what a peer speaks once it has told us. */
const IDENTIFY_PROTOCOL = '/ipfs/id/1.0.0'

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
      const self = host.peerId.toString()
      const expected = { witness: answer.witness, subject: self, nonce, keyCount: keys.length, forms }
      const wrong = whatIsWrong(verdict, expected)
      if (wrong !== null) throw new EspalierError('PROTOCOL_VIOLATION', wrong)
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
 * Those who may be witnesses: a peer of another family has said by identify what it speaks, and would be asked in vain
 * round after round. Of whom nothing is known yet may be one.
 */
export async function mayWitness(host: Pick<Host, 'peerStore'>, peers: readonly PeerId[]): Promise<PeerId[]> {
  const known = await Promise.all(
    peers.map(async (peer) => {
      const protocols = (await knownPeer(host, peer))?.protocols ?? []
      return !protocols.includes(IDENTIFY_PROTOCOL) || protocols.includes(WITNESS_PROTOCOL)
    }),
  )
  return peers.filter((_, index) => known[index])
}

/**
 * Why a verdict with a good signature does not answer what was asked; null when it does. That it speaks of less than it
 * was asked about, or has what it says from the node itself, is a lie or a mistake, and no evidence either way.
 */
export function whatIsWrong(
  verdict: Verdict,
  asked: {
    witness: string
    subject: string
    nonce: Uint8Array
    keyCount: number
    forms: readonly RecordForm[]
  },
): string | null {
  const { witness, subject } = asked
  if (verdict.witness !== witness || verdict.subject !== subject) return 'a verdict by or about somebody else'
  if (!Buffer.from(verdict.nonce).equals(asked.nonce)) return 'a verdict for another question'
  for (const wanted of asked.forms) {
    const found = verdict.forms.find(({ form }) => form === wanted)
    if (!found) return `nothing is said of the ${wanted} form`
    const { records } = found
    if (!records.ok) continue
    // A query of the other form is costly: there a sample is asked for.
    const isLess = wanted === 'hivemind' ? records.asked !== asked.keyCount : records.asked > asked.keyCount
    if (isLess || records.found > records.asked) return `${records.asked} records instead of ${asked.keyCount}`
    if (records.readFrom === subject) return 'records that were read from the node itself'
  }
  if (verdict.dialBack.ok && verdict.dialBack.addressFrom === subject) return 'an address that the node itself gave'
  return null
}

/**
 * Witnesses that we did not choose alone, in the order in which they are asked: one bootstrap, one that a walk to a
 * random place in the network turned up, and others of both for those that do not answer. Nodes behind routers are on no
 * such walk: where it leads to nobody else, peers that records name.
 */
export function pickWitnesses(
  self: PeerId,
  bootstraps: readonly PeerId[],
  walked: readonly PeerId[],
  named: readonly PeerId[],
  random: () => number,
): PeerId[] {
  const chosen = new Map<string, PeerId>()
  const take = (peers: readonly PeerId[]) => {
    const left = peers.filter((peer) => !peer.equals(self) && !chosen.has(peer.toString()))
    const one = left[Math.floor(random() * left.length)]
    if (one) chosen.set(one.toString(), one)
    return one !== undefined
  }
  take(bootstraps)
  take(walked)
  while (chosen.size < MAX_WITNESSES && (take(walked) || take(named) || take(bootstraps))) {
    // Until there are enough, or no more.
  }
  return [...chosen.values()]
}

/**
 * Asks as many as are needed at once, and the next in the list for each that has nothing to say: that a peer has left,
 * or is busy, says nothing about us. Resolves to all answers, in the order of the list.
 */
export async function askInTurn(
  witnesses: readonly PeerId[],
  needed: number,
  ask: (witness: PeerId) => Promise<WitnessAnswer>,
): Promise<WitnessAnswer[]> {
  const answers: WitnessAnswer[] = []
  let next = 0
  async function askNext(): Promise<void> {
    const place = next++
    const witness = witnesses[place]
    if (!witness) return
    const answer = await ask(witness)
    answers[place] = answer
    if (!answer.verdict) await askNext()
  }
  await Promise.all(Array.from({ length: needed }, askNext))
  return answers.filter(Boolean)
}
