import type { AutoNATComponents, autoNAT } from '@libp2p/autonat'
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
 * loopback, where there is no router and nobody may be asked: there the libraries are not even loaded.
 */
export async function natServices({ loopbackOnly }: NetworkProfile, listens: boolean) {
  if (loopbackOnly) return {}
  const [{ autoNAT }, { dcutr }, { uPnPNAT }] = await Promise.all([
    import('@libp2p/autonat'),
    import('@libp2p/dcutr'),
    import('@libp2p/upnp-nat'),
  ])
  return {
    dcutr: dcutr(),
    ...(listens ? { autonat: autoNatByDialling(autoNAT), upnp: uPnPNAT({ portMappingDescription: 'Espalier' }) } : {}),
  }
}

/**
 * AutoNAT answers whether an address can be dialled. For that dial the library takes a connection that is there
 * already: the asker's own. Then it finds another address at its end, says no, and closes it, with a relay's place and
 * all that went over it. A new one says what is true, and closing it harms nobody.
 */
function autoNatByDialling(create: typeof autoNAT): (components: AutoNATComponents) => unknown {
  return (components) => create()(replaced(components, 'connectionManager', dialsAnew(components.connectionManager)))
}

type Dials = Pick<AutoNATComponents['connectionManager'], 'openConnection'>

/** The same, but that one address is dialled whether there is a connection or not. Lists, of peers to meet, are not. */
export function dialsAnew<T extends Dials>(connections: T): T {
  const openConnection: Dials['openConnection'] = (target, options) =>
    connections.openConnection(target, Array.isArray(target) ? options : { ...options, force: true })
  return replaced(connections, 'openConnection', openConnection)
}

function replaced<T extends object, K extends keyof T>(object: T, name: K, value: T[K]): T {
  return new Proxy(object, {
    get(target, key) {
      if (key === name) return value
      const found: unknown = Reflect.get(target, key)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
