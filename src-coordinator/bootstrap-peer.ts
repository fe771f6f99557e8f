import { createHivemindDht } from '../src-main/hivemind/dht'
import { createHost } from '../src-main/network/host'
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

/**
 * The coordinator's place in the data plane: a real peer that keeps DHT records, gives routes, and is a witness.
 * It serves no blocks.
 */
export async function startBootstrapPeer(options: {
  identityFile: string
  port: number
  profile: NetworkProfile
  clock: Clock
  log: EventLog
}): Promise<BootstrapPeer> {
  const { profile, clock, log } = options
  const privateKey = await loadOrCreateIdentity(options.identityFile)
  const host = await createHost({ privateKey, profile, port: options.port, kadMode: 'server' })
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'server' })
  await dht.start()
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  return {
    peerId: host.peerId.toString(),
    addresses: () => host.getMultiaddrs().map(String),
    async close() {
      await witness.stop()
      await dht.stop()
      await host.stop()
    },
  }
}
