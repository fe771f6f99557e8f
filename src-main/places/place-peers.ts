import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../network/host'
import type { CountryOf } from './country-table'
import { publicIpOf } from './public-address'

type Network = Pick<Host, 'peerId' | 'getMultiaddrs' | 'getConnections' | 'peerStore'>

/**
 * The country of a peer, by the address at which we are connected to it, or else by the ones that it announces.
 * Whoever has no public address of its own has no place.
 */
export function placePeers(host: Network, countryOf: CountryOf): (peer: PeerId) => Promise<string | null> {
  return async (peer) => {
    const connected = host.getConnections(peer).map(({ remoteAddr }) => remoteAddr)
    const ip = firstPublic(connected) ?? firstPublic(await announcedBy(peer))
    return ip === null ? null : countryOf(ip)
  }

  async function announcedBy(peer: PeerId): Promise<readonly Multiaddr[]> {
    if (peer.equals(host.peerId)) return host.getMultiaddrs()
    const known = await host.peerStore.get(peer).catch(() => null)
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
