import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { callRpcInfo } from '../hivemind/rpc-info'
import { callExpertInfo } from '../kademlia/expert-rpc'
import { addressesOf, findAddresses } from '../network/find-peer'
import { createHost } from '../network/host'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import { checkPipeline } from '../pipeline/check'
import type { FormFindings, Verdict } from './witness-wire'

export interface DialBackOptions {
  subject: PeerId
  /** Who is asked for the subject's addresses. */
  via: { peerId: PeerId; addresses: readonly Multiaddr[] }
  /** How long it may take to get to `via`, where others can be asked after it. */
  viaTimeoutMs?: number
  forms: readonly RecordForm[]
  profile: NetworkProfile
  clock: Clock
  signal: AbortSignal
}

export type DialBackFindings = Pick<Verdict, 'dialBack' | 'pipeline'> & {
  calls: ReadonlyMap<RecordForm, FormFindings['call']>
}

/**
 * Meets a peer as a stranger would: a new host with a new identity and an empty peer store asks the network for
 * the subject's addresses, opens a connection to one of them, and calls it. An existing connection, or an address
 * that the subject told us itself, would prove nothing about what others can reach. Null where a stranger cannot get to
 * `via`, which may be behind a router itself: that says nothing about the subject.
 */
export async function dialBack(options: DialBackOptions): Promise<DialBackFindings | null> {
  const { subject, via, viaTimeoutMs, clock, signal } = options
  const stranger = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: options.profile,
    port: null,
    kadMode: 'client',
  })
  try {
    const viaSignal = viaTimeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(viaTimeoutMs)])
    const isThere = await stranger.dial(addressesOf(via.peerId, via.addresses), { signal: viaSignal }).then(
      () => true,
      () => false,
    )
    if (!isThere) return null
    const addresses = await findAddresses(stranger, subject, clock, signal)
    const startedAtMs = clock.monotonicMs()
    const connection = await stranger.dial(addresses, { signal })
    if (!connection.remotePeer.equals(subject))
      throw new EspalierError('PEER_UNREACHABLE', 'somebody else answered there')
    return {
      dialBack: {
        ok: true,
        address: connection.remoteAddr.toString(),
        roundTripMs: clock.monotonicMs() - startedAtMs,
        addressFrom: via.peerId.toString(),
      },
      calls: new Map(
        await Promise.all(
          options.forms.map(async (form) => {
            const call = form === 'hivemind' ? callRpcInfo : callExpertInfo
            const found = await call(stranger, subject, '', { signal }).then(
              ({ version }) => ({ ok: true as const, version: version?.slice(0, 100) ?? '' }),
              notOk,
            )
            return [form, found] as const
          }),
        ),
      ),
      pipeline: await checkPipeline(stranger, subject, signal).then(
        ({ start, end, root }) => ({ ok: true as const, start, end, root }),
        notOk,
      ),
    }
  } catch (error) {
    return { dialBack: notOk(error), calls: new Map(), pipeline: notOk('not dialled') }
  } finally {
    await stranger.stop()
  }
}

export function notOk(error: unknown): { ok: false; cause: string } {
  return { ok: false, cause: messageOf(error).slice(0, 600) }
}
