import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'
import type { EngineProcess } from '../engine/engine'
import type { StartReport } from '../engine/protocol'
import { EngineSupervisor } from '../engine/supervisor'
import { createHivemindDht, type HivemindDht } from '../hivemind/dht'
import { createKademliaRecords, type KademliaRecords } from '../kademlia/records'
import { boundPort, createHost, type Host } from '../network/host'
import { loadOrCreateIdentity } from '../network/identity'
import { kademliaView } from '../observe/kademlia-view'
import { hivemindView, type NetworkView } from '../observe/network-view'
import { createWitnessService } from '../observe/witness-service'
import { createPipeline, type Pipeline } from '../pipeline/pipeline'
import type { EventLog } from '../storage/event-log'
import { createAssignment, isSameTarget, openCoordinator } from './assignment'
import { MAX_BATCH_TOKENS, type NodeConfig } from './config'
import type { NodeFacts } from './facts'
import { type BootstrapBook, createBootstrapBook, joinNetwork } from './join-network'
import type { Scope } from './lifecycle'
import type { ShardTarget } from './load-ladder'
import { type PeerView, watchPeers } from './peer-watch'
import { createPresence } from './presence'
import { type ReadBack, readBackFrom } from './read-back'
import { watchResources } from './resources'
import type { NodeRooms } from './rooms'
import { createShardLoader, type LoadedShard } from './shard-loader'
import type { Steps } from './steps'
import { watchEvidenceAge } from './watchdog'

const PEER_WATCH_LOCAL_MS = 2_000
const PEER_WATCH_MS = 30_000

export interface RuntimeOptions {
  config: NodeConfig
  clock: Clock
  log: EventLog
  rooms: NodeRooms
  steps: Steps
  facts: NodeFacts
  spawnEngine: () => EngineProcess
  scope: Scope
  /** Something in `facts` has changed. */
  onChange(): void
}

/** What other parts of the node may ask of a running one. */
export interface Runtime {
  readonly pipeline: Pipeline
  readonly shard: LoadedShard | null
  /** The blocks that are ours, loaded or not; null before some are assigned. */
  readonly target: ShardTarget | null
  /** What the engine said when it started; null while none runs. */
  readonly engineReport: StartReport | null
  /** Asks the host to be considered again, after a rejection or refusal. Throws NO_COORDINATOR. */
  reapply(): void
  /** What each bootstrap has of our records, read now; empty while there are none. */
  readBack(signal: AbortSignal): Promise<ReadBack[]>
  /** What the DHT says about the servers of our model, read now. */
  refreshView(): Promise<PeerView>
}

/**
 * Brings the rooms of a node to life and wires them: what one room finds out becomes a step, a fact, or the next
 * room's task. Everything is released through `scope`, last first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, clock, log, rooms, steps, facts, scope, onChange } = options
  const { profile } = config
  let target: ShardTarget | null = null
  let view: ReturnType<typeof watchPeers> | null = null
  const api = openCoordinator(config, clock)
  const { host, dht, records, book } = await startNetwork(options)

  const supervisor = new EngineSupervisor({
    spawnEngine: options.spawnEngine,
    library: { accelerator: 'cpu', directory: null },
    clock,
  })
  scope.add(() => supervisor.stop())
  const loader = createShardLoader({
    supervisor,
    steps,
    clock,
    log,
    rooms,
    settings: {
      dataRoot: config.data.root,
      threads: config.threads,
      gpuLayers: 0,
      contextTokens: config.contextTokens,
      maxSequences: config.maxSequences,
      maxBatchTokens: MAX_BATCH_TOKENS,
      reprobeIntervalMs: profile.timings.reprobeIntervalMs,
    },
    events: {
      onLevel(level) {
        facts.loadLevel = level
        onChange()
      },
      onProven(shard) {
        assignment?.link.setStatus('online', { model: shard.target.manifest.name, range: shard.target.range })
        presence.online(shard)
      },
      onLost(cause) {
        endSessions('ENGINE_GONE', cause.cause)
        assignment?.link.setStatus('joining')
        presence.lost(target)
      },
    },
  })
  scope.add(() => loader.stop())

  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage: () => loader.loaded?.stage ?? null,
    events: { onSessions, onServed },
  })
  await rooms.startPipeline(pipeline)
  scope.add(() => pipeline.stop())

  const presence = createPresence({
    host,
    dht,
    records,
    book,
    config,
    rooms,
    steps,
    clock,
    log,
    cacheTokensLeft,
    shard: () => loader.loaded,
    onRound: () => void view?.refresh(),
  })
  const stopServingRpcInfo = await rooms.serveRpcInfo(host, {
    clock,
    info: () => ({ version: VERSION, dhtClientMode: false, cacheTokensAvailable: cacheTokensLeft() }),
    serves: (key) => loader.loaded !== null && presence.keysOf(loader.loaded.target).includes(key),
  })
  scope.add(() => stopServingRpcInfo())
  if (profile.recordForms.includes('kademlia')) {
    const stopServingExpertInfo = await rooms.serveExpertInfo(host, {
      clock,
      describe: (uid) => presence.describe(uid),
    })
    scope.add(() => stopServingExpertInfo())
  }

  const assignment = api && createAssignment({ api, host, book, config, rooms, steps, clock, log, onTarget })
  scope.add(async () => {
    assignment?.stop()
    await assignment?.link.stop()
  })
  scope.add(
    watchEvidenceAge(steps, profile, clock, (step, { cause, code }) =>
      log.write('warn', 'evidence.old', cause, { step, code }),
    ),
  )
  scope.add(
    watchResources(
      clock,
      () => loader.loaded?.engine ?? null,
      (resources) => {
        facts.resources = resources
        onChange()
      },
    ),
  )
  scope.add(async () => {
    // Taking leave comes first, while everything still works.
    view?.stop()
    endSessions('STAGE_LOST', 'the node stops')
    await presence.withdraw()
  })

  void joinNetwork({ host, dht, book, api, rooms, steps, clock, log, scope }).then(
    () => assignment?.link.start().catch((error: unknown) => steps.failed('register', reportOf(error))),
    (error: unknown) => {
      if (!scope.signal.aborted) steps.failed('connect', reportOf(error))
    },
  )

  return {
    pipeline,
    get shard() {
      return loader.loaded
    },
    get target() {
      return target
    },
    get engineReport() {
      return supervisor.state.name === 'ready' ? supervisor.state.report : null
    },
    reapply() {
      if (!assignment) throw new EspalierError('NO_COORDINATOR')
      log.write('info', 'worker.reapply', 'the host is asked again')
      assignment.link.reapply()
    },
    async readBack(signal) {
      const peers = book.peers().map(({ peerId }) => peerId)
      return target ? readBackFrom(dht, host.peerId, peers, presence.keysOf(target), signal) : []
    },
    async refreshView() {
      await view?.refresh()
      return facts.view
    },
  }

  function onTarget(next: ShardTarget | null): void {
    if (next && isSameTarget(next, target)) return
    void changeTarget(next).catch((error: unknown) => log.write('error', 'node.target.failed', messageOf(error)))
  }

  /** What said that we serve the old blocks is withdrawn before anything is said about the new ones. */
  async function changeTarget(next: ShardTarget | null): Promise<void> {
    const before = target
    target = next
    facts.blocks = next?.range ?? null
    if (before) {
      loader.rest()
      assignment?.link.setStatus('joining')
      endSessions('STAGE_LOST', 'other blocks are assigned to this node')
      steps.idle('fetch', 'load', 'prove', 'announce', 'visible', 'serve')
      facts.loadLevel = 'L0'
      await presence.withdraw()
    }
    if (!next || target !== next || scope.signal.aborted) return onChange()
    const { name, dhtPrefix, blockCount } = next.manifest
    facts.model = { name, dhtPrefix, blockCount }
    watchModel(facts.model)
    // JOINING is said while the slice is fetched and loaded, and only then: approval came first.
    presence.joining(next)
    loader.use(next)
    onChange()
  }

  function watchModel(model: { dhtPrefix: string; blockCount: number }): void {
    view?.stop()
    view = watchPeers({
      host,
      records: networkView(model.dhtPrefix),
      model,
      intervalMs: profile.loopbackOnly ? PEER_WATCH_LOCAL_MS : PEER_WATCH_MS,
      clock,
      log,
      onView(seen) {
        facts.view = seen
        onChange()
      },
    })
  }

  function networkView(dhtPrefix: string): NetworkView {
    if (profile.recordForms[0] === 'hivemind') return hivemindView(dht, profile)
    const self = () => presence.describe('')
    return kademliaView({ host, records, tracked: [dhtPrefix], countsRecords: false, self })
  }

  function endSessions(code: 'ENGINE_GONE' | 'STAGE_LOST', why: string): void {
    pipeline.endSessions(new EspalierError(code, why))
  }

  function cacheTokensLeft(): number {
    const free = Math.max(0, config.maxSequences - pipeline.activeSessions)
    return loader.loaded ? free * config.contextTokens : 0
  }

  function onSessions(active: number, startedBy: string | null): void {
    facts.activeSessions = active
    if (startedBy !== null && startedBy !== facts.peerId) facts.requests++
    onChange()
  }

  function onServed(entry: string, rows: number): void {
    facts.tokens += rows
    assignment?.link.reportTokens(rows)
    if (entry !== facts.peerId) {
      presence.servedFor(entry)
      facts.loadLevel = 'L7'
    }
    onChange()
  }
}

/** Identity, libp2p host, DHT and witness service: what a peer is before it serves anything. */
async function startNetwork({
  config,
  clock,
  log,
  facts,
  scope,
  onChange,
}: RuntimeOptions): Promise<{ host: Host; dht: HivemindDht; records: KademliaRecords; book: BootstrapBook }> {
  const { profile } = config
  const privateKey = await loadOrCreateIdentity(config.data.identityFile)
  const host = await createHost({ privateKey, profile, port: config.listenPort, kadMode: 'server' })
  scope.add(() => host.stop())
  facts.peerId = host.peerId.toString()
  facts.listenAddresses = host.getMultiaddrs().map(String)
  facts.upSince = clock.now()
  const port = boundPort(host)
  if (config.listenPort !== 0 && port !== config.listenPort) {
    log.write('warn', 'port.taken', `port ${config.listenPort} is taken; ${port} is used and announced`, { port })
  }
  log.write('info', 'node.listening', `listening on ${facts.listenAddresses.join(', ')}`, {
    port,
    peerId: facts.peerId,
  })
  onChange()
  const book = createBootstrapBook(facts.peerId, log)
  book.add(config.bootstraps)
  const bootstrapPeers = () => book.peers().map(({ peerId }) => peerId)
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'server', bootstrapPeers })
  await dht.start()
  scope.add(() => dht.stop())
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  scope.add(() => witness.stop())
  return { host, dht, records: createKademliaRecords({ host, clock, privateKey }), book }
}
