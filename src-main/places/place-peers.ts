import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import type { Host } from '../network/host'
import { knownPeer } from '../network/known-peer'
import type { CountryOf } from './country-table'
import { publicIpOf } from './public-address'

/** Announced addresses hardly ever change, and reading a peer's costs a fraction of a millisecond. */
const REMEMBER_MS = 60_000
const MOST_REMEMBERED = 5_000

type Network = Pick<Host, 'peerId' | 'getMultiaddrs' | 'getConnections' | 'peerStore'>

/**
 * The country of a peer, by the address at which we are connected to it, or else by the ones that it announces.
 * Whoever has no public address of its own has no place.
 */
export function placePeers(
  host: Network,
  countryOf: CountryOf,
  clock: Pick<Clock, 'monotonicMs'>,
): (peer: PeerId) => Promise<string | null> {
  const announced = new Map<string, { ip: string | null; untilMs: number }>()

  return async (peer) => {
    const connected = host.getConnections(peer).map(({ remoteAddr }) => remoteAddr)
    const ip = firstPublic(connected) ?? (await announcedIp(peer))
    return ip === null ? null : countryOf(ip)
  }

  async function announcedIp(peer: PeerId): Promise<string | null> {
    const id = peer.toString()
    const before = announced.get(id)
    if (before && clock.monotonicMs() < before.untilMs) return before.ip
    const ip = firstPublic(await announcedBy(peer))
    announced.delete(id)
    if (announced.size >= MOST_REMEMBERED) announced.delete(announced.keys().next().value ?? '')
    announced.set(id, { ip, untilMs: clock.monotonicMs() + REMEMBER_MS })
    return ip
  }

  async function announcedBy(peer: PeerId): Promise<readonly Multiaddr[]> {
    if (peer.equals(host.peerId)) return host.getMultiaddrs()
    const known = await knownPeer(host, peer)
    return known?.addresses.map(({ multiaddr }) => multiaddr) ?? []
  }
}

function firstPublic(addresses: readonly Multiaddr[]): string | null {
  for (const address of addresses) {
    const ip = publicIpOf(address)
    if (ip !== null) return ip
  }
  return null
}
