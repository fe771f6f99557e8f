import type { PeerId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { AddressDesk } from './ask-addresses'
import type { Host } from './host'
import { knownPeer } from './known-peer'

const POLL_MS = 50

/**
 * Makes sure that there is a connection to `peerId`, with addresses from the network where we have none.
 * Throws PEER_UNREACHABLE with the reason.
 * @param desk asked before the network is
 */
export async function reachPeer(host: Host, peerId: PeerId, signal: AbortSignal, desk?: AddressDesk): Promise<void> {
  if (host.getConnections(peerId).some(({ status }) => status === 'open')) return
  if (desk && (await reachThrough(desk, host, peerId, signal))) return
  try {
    await host.dial(peerId, { signal })
    return
  } catch (error) {
    if (signal.aborted) throw unreachable(peerId, error)
  }
  try {
    const found = await host.peerRouting.findPeer(peerId, { signal })
    await host.dial(addressesOf(peerId, found.multiaddrs), { signal })
  } catch (error) {
    throw unreachable(peerId, error)
  }
}

/** Whether it was reached so. Not even tried where we have an address: dialling that is cheaper. */
async function reachThrough(desk: AddressDesk, host: Host, peerId: PeerId, signal: AbortSignal): Promise<boolean> {
  const known = await knownPeer(host, peerId)
  if (known && known.addresses.length > 0) return false
  const addresses = await desk.addressesOf(peerId, signal)
  if (addresses.length === 0) return false
  return host.dial(addressesOf(peerId, addresses), { signal }).then(
    () => true,
    () => false,
  )
}

/**
 * What the network says about a peer's addresses: Kademlia is asked, through whoever we are connected to.
 * For hosts that have just started: waits until the first peer is in the routing table.
 */
export async function findAddresses(
  host: Host,
  peerId: PeerId,
  clock: Clock,
  signal: AbortSignal,
): Promise<Multiaddr[]> {
  let lastError: unknown = new Error('no peer to ask')
  while (!signal.aborted) {
    if (host.getConnections().length > 0) {
      try {
        const found = await host.peerRouting.findPeer(peerId, { signal, useCache: false })
        if (found.multiaddrs.length > 0) return addressesOf(peerId, found.multiaddrs)
      } catch (error) {
        lastError = error
      }
    }
    await clock.sleep(POLL_MS, signal).catch(() => undefined)
  }
  throw unreachable(peerId, lastError)
}

/**
 * With the peer's id at the end, which peers do not say of themselves: without it an address at a relay leads to the
 * relay itself, and libp2p refuses a list in which some addresses name a peer and others do not.
 */
export function addressesOf(peerId: PeerId, addresses: readonly { toString(): string }[]): Multiaddr[] {
  const end = `/p2p/${peerId}`
  return addresses.map((address) => {
    const text = address.toString()
    return multiaddr(text.endsWith(end) ? text : `${text}${end}`)
  })
}

function unreachable(peerId: PeerId, error: unknown): EspalierError {
  return new EspalierError('PEER_UNREACHABLE', `${peerId} (${messageOf(error)})`, { cause: error })
}

/**
 * Waits until Kademlia can answer, after the first connection: it has a peer and has looked itself up. Dialling
 * peers by id before that dead-locks for seconds: the dial waits for that first look-up, which waits for the dial.
 */
export async function routingReady(host: Host, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of host.peerRouting.getClosestPeers(host.peerId.toMultihash().bytes, { signal })) break
  } catch (error) {
    if (signal.aborted) throw new EspalierError('TIMED_OUT', 'peer routing did not get ready', { cause: error })
    // An empty network has nobody close; that is an answer too.
  }
}
