import { isIP } from 'node:net'
import { createHivemindDht } from '../src-main/hivemind/dht'
import { boundPort, createHost } from '../src-main/network/host'
import { loadOrCreateIdentity } from '../src-main/network/identity'
import type { NetworkProfile } from '../src-main/network/profiles'
import { createWitnessService } from '../src-main/observe/witness-service'
import type { EventLog } from '../src-main/storage/event-log'
import type { Clock } from '../src-shared/clock'

export interface BootstrapPeer {
  readonly peerId: string
  /** Dialable addresses, each with our real peer id. */
  addresses(): string[]
  close(): Promise<void>
}

function protocolOf(host: string): 'ip4' | 'ip6' | 'dns' {
  const version = isIP(host)
  return version === 4 ? 'ip4' : version === 6 ? 'ip6' : 'dns'
}

/**
 * The coordinator's place in the data plane: a real peer that keeps DHT records, gives routes (Kademlia), relays to
 * nodes that cannot be dialled, and is a witness. It serves no blocks.
 */
export async function startBootstrapPeer(options: {
  identityFile: string
  port: number
  profile: NetworkProfile
  clock: Clock
  log: EventLog
  /** Under which others reach this computer, where that is not an address of its own: a name or an IP address. */
  publicHost?: string | undefined
}): Promise<BootstrapPeer> {
  const { profile, clock, log } = options
  const privateKey = await loadOrCreateIdentity(options.identityFile)
  const host = await createHost({
    privateKey,
    profile,
    port: options.port,
    kadMode: 'server',
    isRelay: true,
    isNode: true,
  })
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'server' })
  await dht.start()
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  return {
    peerId: host.peerId.toString(),
    addresses() {
      const own = host.getMultiaddrs().map(String)
      const port = boundPort(host)
      if (options.publicHost === undefined || port === null) return own
      const reachable = `/${protocolOf(options.publicHost)}/${options.publicHost}/tcp/${port}/p2p/${host.peerId}`
      return [reachable, ...own.filter((address) => address !== reachable)]
    },
    async close() {
      await witness.stop()
      await dht.stop()
      await host.stop()
    },
  }
}
