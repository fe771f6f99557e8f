import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { callRpcInfo } from '../hivemind/rpc-info'
import { callExpertInfo } from '../kademlia/expert-rpc'
import { addressesOf, findAddresses } from '../network/find-peer'
import { createHost, type Host } from '../network/host'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import { checkPipeline } from '../pipeline/check'
import type { FormFindings, Verdict } from './witness-wire'

interface Via {
  peerId: PeerId
  addresses: readonly Multiaddr[]
}

export interface DialBackOptions {
  subject: PeerId
  /** Who is asked for the subject's addresses, one after the other. */
  vias: readonly Via[]
  /** Ourselves, asked where none of them is there any more. */
  own: Via
  /** For all of them together. */
  timeoutMs: number
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
 * that the subject told us itself, would prove nothing about what others can reach. A third peer that a stranger cannot
 * get to may be behind a router itself: that says nothing about the subject, and the next one is asked.
 */
export async function dialBack(options: DialBackOptions): Promise<DialBackFindings> {
  const { subject, signal } = options
  const stranger = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: options.profile,
    port: null,
    kadMode: 'client',
  })
  try {
    const { connection, via, roundTripMs } = await meet(stranger, options)
    return {
      dialBack: {
        ok: true,
        address: connection.remoteAddr.toString(),
        roundTripMs,
        addressFrom: via.toString(),
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

/**
 * Another's word is needed for where the subject is. One that goes while it is asked has said nothing; one that is there
 * and does not know, or knows a wrong address, has, and counts unless the next one knows better.
 */
async function meet(stranger: Host, { subject, vias, own, clock, signal, timeoutMs }: DialBackOptions) {
  const said: string[] = []
  const gone: string[] = []
  async function through({ peerId, addresses }: Via, limit: AbortSignal) {
    let line: Connection | null = null
    const ending = new AbortController()
    const patience = AbortSignal.any([limit, ending.signal])
    try {
      line = await stranger.dial(addressesOf(peerId, addresses), { signal: patience })
      line.addEventListener('close', () => ending.abort(new EspalierError('PEER_UNREACHABLE', `${peerId} has left`)), {
        once: true,
      })
      const found = await findAddresses(stranger, subject, clock, patience)
      const startedAtMs = clock.monotonicMs()
      const connection = await stranger.dial(found, { signal: patience })
      if (!connection.remotePeer.equals(subject))
        throw new EspalierError('PEER_UNREACHABLE', 'somebody else answered there')
      return { connection, via: peerId, roundTripMs: clock.monotonicMs() - startedAtMs }
    } catch (error) {
      const list = line?.status === 'open' ? said : gone
      list.push(messageOf(error))
      return null
    }
  }
  for (const via of vias) {
    const met = await through(via, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs / vias.length)]))
    if (met) return met
  }
  const met = said.length === 0 ? await through(own, signal) : null
  if (met) return met
  throw new EspalierError('PEER_UNREACHABLE', (said.length > 0 ? said : gone).join('; '))
}

export function notOk(error: unknown): { ok: false; cause: string } {
  return { ok: false, cause: messageOf(error).slice(0, 600) }
}
