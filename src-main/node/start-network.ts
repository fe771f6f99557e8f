import type { PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import type { NetworkTalk } from '../../src-shared/network-talk'
import { isLoopbackHost } from '../coordinator/coordinator-url'
import { createHivemindDht, type HivemindDht } from '../hivemind/dht'
import { storeRulesOf } from '../hivemind/store-rules'
import { createKademliaRecords, type KademliaRecords } from '../kademlia/records'
import { boundPort, createHost, type Host } from '../network/host'
import { loadOrCreateIdentity } from '../network/identity'
import { createProtocolCounters } from '../network/protocol-counters'
import { createVerboseLog } from '../network/verbose-log'
import { type ForeignEye, openForeignEye } from '../observe/foreign-eye'
import { createWitnessService } from '../observe/witness-service'
import { followOwnLog } from '../own-log/follow-own-log'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { NodeFacts } from './facts'
import { type BootstrapBook, createBootstrapBook } from './join-network'
import { followLan, type LanDiscovery } from './lan-discovery'
import type { Scope } from './lifecycle'
import { createReach, type Reach } from './reach'
import type { NodeRooms } from './rooms'

/** What a peer is before it serves anything. */
export interface NodeNetwork {
  host: Host
  privateKey: PrivateKey
  dht: HivemindDht
  records: KademliaRecords
  book: BootstrapBook
  reach: Reach
  /** Null where all nodes are ours. */
  foreign: ForeignEye | null
  /** How peers are found on the local network. */
  lanDiscovery(): LanDiscovery
  talk: NodeTalk
}

/** How much we talk in each protocol, and libp2p's own words about it. */
export interface NodeTalk {
  get(): NetworkTalk
  setVerbose(isOn: boolean): void
}

/** Identity, libp2p host, DHT and witness service, released through `scope`. */
export async function startNetwork(options: {
  config: NodeConfig
  clock: Clock
  log: EventLog
  facts: NodeFacts
  rooms: Pick<NodeRooms, 'serveRpcCheck'>
  scope: Scope
  /** Something in `facts` has changed. */
  onChange(): void
}): Promise<NodeNetwork> {
  const { config, clock, log, facts, rooms, scope, onChange } = options
  const { profile } = config
  const privateKey = await loadOrCreateIdentity(config.data.identityFile)
  const { listenPort } = config
  const listens = listenPort !== null
  // A network whose coordinator is on this computer needs no router, and no stranger's help.
  const isLocal = profile.loopbackOnly || isOnThisComputer(config.coordinatorUrl)
  const kadMode = profile.servesKad && listens ? 'server' : 'client'
  const counters = createProtocolCounters()
  const verbose = createVerboseLog({ clock, log })
  scope.add(verbose.dispose)
  const host = await createHost({
    privateKey,
    profile,
    port: listenPort,
    kadMode,
    isNode: !isLocal,
    metrics: counters.metrics,
    logger: verbose.logger,
    ...(isLocal ? {} : { lan: { network: networkNameOf(config) } }),
  })
  scope.add(() => host.stop())
  facts.peerId = host.peerId.toString()
  const readAddresses = () => {
    facts.listenAddresses = host.getMultiaddrs().map(String)
  }
  readAddresses()
  // A relay's place, a router's port, another network: addresses come and go.
  host.addEventListener('self:peer:update', () => {
    readAddresses()
    onChange()
  })
  facts.upSince = clock.now()
  const port = boundPort(host)
  if (listens && listenPort !== 0 && port !== listenPort) {
    log.write('warn', 'port.taken', `port ${listenPort} is taken; ${port} is used and announced`, { port })
  }
  log.write(
    'info',
    'node.listening',
    listens ? `listening on ${facts.listenAddresses.join(', ')}` : 'listening nowhere',
    {
      port,
      peerId: facts.peerId,
    },
  )
  onChange()
  const book = createBootstrapBook(facts.peerId, log)
  book.add(config.bootstraps.length > 0 ? config.bootstraps : profile.bootstraps)
  const bootstrapPeers = () => book.peers().map(({ peerId }) => peerId)
  const { hivemind: replicas } = profile.replicas
  const dht = createHivemindDht({
    ...{ libp2p: host, clock, mode: listens ? 'server' : 'client', bootstrapPeers, replicas },
    rules: storeRulesOf(profile),
  })
  await dht.start()
  scope.add(() => dht.stop())
  const reach = createReach({ host, dht, book, profile, listens, clock, log })
  scope.add(reach.stop)
  const lan = isLocal ? null : followLan({ host, clock, log })
  if (lan) scope.add(lan.stop)
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  scope.add(() => witness.stop())
  const foreign = profile.ownsEntries
    ? null
    : await openForeignEye({ host, profile, clock, serve: rooms.serveRpcCheck })
  scope.add(() => foreign?.stop())
  const { ownNodes = [], publicName, data } = config
  if (ownNodes.length > 0) {
    scope.add(await followOwnLog({ host, path: data.ownLogFile, publicName, nodes: ownNodes, clock, log }))
  }
  const talk: NodeTalk = {
    get: () => ({ protocols: counters.list(), verboseUntil: verbose.until() }),
    setVerbose: verbose.set,
  }
  const records = createKademliaRecords({ host, clock, privateKey })
  const lanDiscovery = (): LanDiscovery => lan?.state() ?? { kind: 'off' }
  return { host, privateKey, dht, records, book, reach, foreign, lanDiscovery, talk }
}

/** Nodes on one LAN belong together when they route alike and come from the same coordinator, or the same bootstraps. */
function networkNameOf({ profile, coordinatorUrl, bootstraps }: NodeConfig): string {
  const via = coordinatorUrl ?? (bootstraps.length > 0 ? bootstraps : profile.bootstraps).toSorted().join(' ')
  return `${profile.kadProtocol} ${via}`
}

function isOnThisComputer(url: string | null): boolean {
  return url !== null && isLoopbackHost(new URL(url).hostname)
}
