import { autoNAT } from '@libp2p/autonat'
import { dcutr } from '@libp2p/dcutr'
import { uPnPNAT } from '@libp2p/upnp-nat'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { NetworkProfile } from './profiles'

/** Opens one more place to be reached at, after the start. */
export interface Listening {
  /** Rejects with the reason when that address cannot be had. */
  at(address: Multiaddr): Promise<void>
}

/** The library takes addresses only when it starts; a relay is known, and found to be needed, later. */
export function listening() {
  return (components: { transportManager: { listen(addresses: Multiaddr[]): Promise<void> } }): Listening => ({
    at: (address) => components.transportManager.listen([address]),
  })
}

/**
 * What helps a node behind a router: peers try its public address (AutoNAT) before it is announced, the router is
 * asked for a port (UPnP), and a connection over a relay is replaced by a direct one (DCUtR). Nothing of it on
 * loopback, where there is no router and nobody may be asked.
 */
export function natServices({ loopbackOnly }: NetworkProfile, listens: boolean) {
  if (loopbackOnly) return {}
  return {
    dcutr: dcutr(),
    ...(listens ? { autonat: autoNAT(), upnp: uPnPNAT({ portMappingDescription: 'Espalier' }) } : {}),
  }
}
