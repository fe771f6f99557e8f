import { isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { createHivemindDht } from '../src-main/hivemind/dht'
import { storeRulesOf } from '../src-main/hivemind/store-rules'
import { boundPort, createHost } from '../src-main/network/host'
import { loadOrCreateIdentity } from '../src-main/network/identity'
import { parsePeerAddresses } from '../src-main/network/peer-addresses'
import type { NetworkProfile } from '../src-main/network/profiles'
import { createWitnessService } from '../src-main/observe/witness-service'
import { createCommandService } from '../src-main/shards/commands/command-service'
import type { EventLog } from '../src-main/storage/event-log'
import type { Clock } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import type { LoadSender } from './load-telling'

export interface BootstrapPeer {
  readonly peerId: string
  /** Dialable addresses, each with our real peer id. */
  addresses(): string[]
  readonly loadSender: LoadSender
  /** Makes itself and other bootstrap peers of the same network known to each other. Never rejects. */
  meet(addresses: readonly string[]): Promise<void>
  close(): Promise<void>
}

const DIAL_TIMEOUT_MS = 5_000

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
  /** IPv4 address to listen on; absent: every one that the profile allows. */
  listenHost?: string | undefined
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
    listenHost: options.listenHost,
    kadMode: 'server',
    isRelay: true,
    isNode: true,
  })
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'server', rules: storeRulesOf(profile) })
  await dht.start()
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  const refuse = (): never => {
    throw new EspalierError('COMMAND_NOT_ALLOWED', 'a coordinator serves no blocks')
  }
  const commands = createCommandService({
    ...{ host, privateKey, clock, log },
    handlers: {
      LOAD_SHARD: refuse,
      CANCEL: refuse,
      SHARD_LOADED: refuse,
      PROVE_SHARD: refuse,
      ASK_VIEW: refuse,
      ASK_CAPABILITIES: refuse,
    },
  })
  await commands.start()
  return {
    peerId: host.peerId.toString(),
    addresses() {
      const own = host.getMultiaddrs().map(String)
      const port = boundPort(host)
      if (options.publicHost === undefined || port === null) return own
      const reachable = `/${protocolOf(options.publicHost)}/${options.publicHost}/tcp/${port}/p2p/${host.peerId}`
      return [reachable, ...own.filter((address) => address !== reachable)]
    },
    loadSender: {
      load: (peerId, blocks, how) => commands.send(peerIdFromString(peerId), { type: 'LOAD_SHARD', ...blocks }, how),
      cancel: (peerId, request) => commands.send(peerIdFromString(peerId), { type: 'CANCEL', request }),
    },
    async meet(addresses) {
      const connected = new Set(host.getPeers().map(String))
      for (const { multiaddr, peerId } of parsePeerAddresses([...addresses]).valid) {
        if (connected.has(peerId.toString())) continue
        try {
          await host.dial(multiaddr, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
          connected.add(peerId.toString())
          await dht.bootstrap([peerId])
        } catch (error) {
          log.write('debug', 'bootstrap.unmet', `${multiaddr}: ${messageOf(error)}`)
        }
      }
    },
    async close() {
      await commands.stop()
      await witness.stop()
      await dht.stop()
      await host.stop()
    },
  }
}
