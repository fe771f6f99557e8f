import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'
import { GovernorSchema, openGovernor } from '../announce/governor'
import { workerIdOf } from '../coordinator/worker-id'
import { CPU_CHOICE } from '../engine/device-choice'
import type { EngineProcess } from '../engine/engine'
import type { StartReport } from '../engine/protocol'
import { EngineSupervisor } from '../engine/supervisor'
import { createCallJournal } from '../health/call-journal'
import { RPC_INFO } from '../hivemind/protocols'
import { plainText } from '../hivemind/unary-client'
import { EXPERT_PROTOCOL } from '../kademlia/expert-rpc'
import { serveHello } from '../kwaai/hello'
import { type InferenceServer, serveInference } from '../kwaai/inference-server'
import { createKwaaiNetwork } from '../kwaai/kwaai-network'
import { keepGrants } from '../membership/keep-grants'
import { createSessionGuard } from '../membership/session-guard'
import { createTokenKeeper } from '../membership/token-keeper'
import { kademliaView } from '../observe/kademlia-view'
import { hivemindView, type NetworkView } from '../observe/network-view'
import { watchRoutingTable } from '../observe/routing-watch'
import type { NoticeBody } from '../pipeline/frames'
import { createPipeline, type Pipeline } from '../pipeline/pipeline'
import { createRouter, type Router } from '../pipeline/routing/router'
import { sliceDirectory } from '../shards/models'
import { servePieces } from '../shards/peers/pieces-server'
import { createSeeds } from '../shards/peers/seeds'
import { createShardStore } from '../shards/store/shard-store'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'
import { createAssignment, openCoordinator } from './assignment'
import { watchCalls } from './call-watch'
import { capsOf, watchCaps } from './caps'
import { takeComputerMark } from './computer-mark'
import { MAX_BATCH_TOKENS, type NodeConfig } from './config'
import { createCoordinatorStanding, StandingMemorySchema } from './coordinator-standing'
import { createDoppelgangerGuard } from './doppelganger'
import type { NodeFacts } from './facts'
import { createFetchHand } from './fetch-hand'
import { joinNetwork } from './join-network'
import type { LanDiscovery } from './lan-discovery'
import { createLeavingJournal } from './leaving'
import type { Scope } from './lifecycle'
import type { ShardTarget } from './load-ladder'
import { localSpans } from './local-records'
import { machineFingerprint } from './machine'
import { mapDoubt, watchMap } from './map-watch'
import { onceDone } from './once-done'
import { createPeerCache, PeerCacheSchema } from './peer-cache'
import { type PeerLink, peerLinks } from './peer-links'
import { onlineServers, type PeerView, watchPeers } from './peer-watch'
import { createPresence } from './presence'
import { type ReadBack, readBackFrom } from './read-back'
import { foldReadiness } from './readiness-fold'
import { watchResources } from './resources'
import type { NodeRooms } from './rooms'
import { openServedCounts, ServedBookSchema } from './served-counts'
import { createServingTarget } from './serving-target'
import { createShardLoader, type LoadedShard } from './shard-loader'
import { sourcesFor } from './shard-sources'
import { type NodeTalk, startNetwork } from './start-network'
import type { Steps } from './steps'
import { createSwarm, type Swarm } from './swarm'
import { createThroughputBook } from './throughput-book'
import { FREE_TRANSFERS } from './transfers'
import { type Wake, watchWake } from './wake'
import { watchNetwork } from './watch-network'
import { watchEvidenceAge } from './watchdog'
import { shortPeer } from './words'

const MAX_NOTICES = 8
/** Rather no peer among the sources than a wait for a network that does not answer. */
const FIRST_LOOK_MS = 3_000
/** A network on one computer may look more often than the 30 s of real ones. */
const MAX_LOCAL_WATCH_MS = 8_000

export interface RuntimeOptions {
  config: NodeConfig
  clock: Clock
  log: EventLog
  rooms: NodeRooms
  steps: Steps
  facts: NodeFacts
  spawnEngine: () => EngineProcess
  scope: Scope
  /** Whether a node that ends comes back soon: the coordinator then keeps its place. */
  keepsPlace(): boolean
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
  /** This node among the others that serve its model. */
  readonly swarm: Swarm
  /** Fetches, loads and proves now what is assigned here; does nothing while that is under way or done. */
  loadNow(): void
  /** Ends the fetch or load under way, until `loadNow`; what was fetched is kept. */
  cancelLoad(): void
  /** Asks the host to be considered again, after a rejection or refusal. Throws NO_COORDINATOR. */
  reapply(): void
  /** The computer is about to sleep: others are told. Resolves when that is written or could not be. */
  sleep(): Promise<void>
  /** It is awake again, whether it slept or not. */
  wake(): void
  /** What each bootstrap has of our records, read now; empty while there are none. */
  readBack(signal: AbortSignal): Promise<ReadBack[]>
  /** What the DHT says about the servers of our model, read now. */
  refreshView(): Promise<PeerView>
  /** What was seen last. */
  seen(): PeerView
  /** Open connections, and the bootstraps that are known, as multiaddrs. */
  links(): { open: PeerLink[]; bootstraps: string[] }
  lanDiscovery(): LanDiscovery
  readonly router: Router
  readonly talk: NodeTalk
}

/**
 * Brings the rooms of a node to life and wires them: what one room finds out becomes a step, a fact, or the next
 * room's task. Everything is released through `scope`, last first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, clock, log, rooms, steps, facts, scope, onChange } = options
  const { profile, compute = CPU_CHOICE, transfers = FREE_TRANSFERS } = config
  let view: ReturnType<typeof watchPeers> | null = null
  /** Another copy of this node is up, and this one has to be quiet. */
  const coordinator = openCoordinator(config, clock, onOverload)
  const keeper =
    coordinator &&
    createTokenKeeper({ file: config.data.membershipFile, coordinatorUrl: coordinator.baseUrl, clock, log })
  await keeper?.load()
  const api = coordinator && keeper && keepGrants(coordinator, keeper)
  const { host, privateKey, dht, records, book, reach, lanDiscovery, talk } = await startNetwork(options)

  const served = await openServedCounts({
    store: jsonFile(config.data.countersFile, ServedBookSchema),
    isDemo: profile.watermark !== null,
    clock,
    onChange,
    onTrouble: (error) => log.write('warn', 'counts.file.failed', messageOf(error)),
  })
  facts.served = served.now()
  scope.add(() => served.stop())
  const supervisor = new EngineSupervisor({
    spawnEngine: options.spawnEngine,
    library: { accelerator: compute.accelerator, directory: compute.directory },
    clock,
  })
  scope.add(() => supervisor.stop())
  const { store = createShardStore({ dataDirectory: config.data.root, clock }) } = config
  const seeds = createSeeds(store)
  const seeding = await servePieces(host, {
    seeds: { ...seeds, model: async (root) => (transfers.wishes().seeds ? seeds.model(root) : null) },
    clock,
    limits: { bytesPerSecond: () => transfers.wishes().uploadBytesPerSecond },
  })
  // A file that is open takes room until it is closed, also one that was removed.
  const stopFollowingStore = store.use.onRemoved(() => void seeds.refresh())
  let letGo: () => void = () => undefined
  const folderOf = ({ manifest, range }: ShardTarget) => sliceDirectory(store.dataDirectory, manifest.root, range)
  const hand = createFetchHand({ transfers, store, clock, log, fetching: () => facts.fetch && blocks.target })
  scope.add(async () => {
    stopFollowingStore()
    hand.stop()
    letGo()
    await seeding.stop()
    await seeds.close()
  })
  const firstLook = onceDone(clock)
  const loader = createShardLoader({
    supervisor,
    steps,
    clock,
    log,
    rooms,
    settings: {
      store,
      async sources(next) {
        const modelPath = transfers.wishes().modelPath ?? next.modelPath
        // Who has the pieces is known after the first look at the DHT, which began with the target.
        if (modelPath === null) await firstLook.within(FIRST_LOOK_MS)
        return sourcesFor(
          { ...next, modelPath },
          { store, host, spans: () => facts.view.spans, isLan: profile.loopbackOnly, token: transfers.token },
        )
      },
      control: hand.control,
      limits: { bytesPerSecond: () => transfers.wishes().downloadBytesPerSecond },
      threads: config.threads,
      compute,
      gpuMemoryGb: config.gpuMemoryGb ?? null,
      contextTokens: config.contextTokens,
      maxSequences: config.maxSequences,
      maxBatchTokens: MAX_BATCH_TOKENS,
      reprobeIntervalMs: profile.timings.reprobeIntervalMs,
      speeds: createThroughputBook(config.data.speedsFile),
    },
    events: {
      onLevel(level) {
        facts.loadLevel = level
        onChange()
      },
      onFetch(fetch) {
        facts.fetch = fetch
        onChange()
      },
      onHold(target) {
        letGo()
        letGo = target ? store.use.hold(folderOf(target)) : () => undefined
      },
      onCompute(used) {
        facts.compute = used
        onChange()
      },
      onSpeed({ inferenceRps, forwardRps, measuredAt, device }) {
        facts.speed = { inferenceRps, forwardRps, measuredAt, device }
        onChange()
      },
      onProven(shard) {
        if (facts.model && shard.entry)
          facts.model = { ...facts.model, hasChatTemplate: shard.entry.chatTemplate !== null }
        blocks.onProven(shard)
        void seeds.refresh()
        // What is used now goes last when room is needed. Not worth a failure.
        store.use
          .touch(folderOf(shard.target))
          .catch((error: unknown) => log.write('debug', 'disk.touch.failed', messageOf(error)))
      },
      onLost(cause) {
        facts.speed = null
        blocks.onLost(cause)
      },
      onMissing: (how) => swarm.missing(how),
    },
  })
  scope.add(() => loader.stop())

  const blocks = createServingTarget({
    loader: () => loader,
    presence: () => presence,
    steps,
    clock,
    log,
    endSessions(code, why) {
      pipeline.endSessions(new EspalierError(code, why))
      inference?.endSessions()
    },
    report(loaded) {
      if (loaded) assignment?.link.setStatus('online', { model: loaded.manifest.name, range: loaded.range })
      else assignment?.link.setStatus('joining')
      if (loaded && loader.loaded) swarm.proven(loader.loaded)
      else swarm.lost()
    },
    onTarget,
  })

  const stage = () => blocks.serving?.stage ?? null
  const events = { onSessions, onServed, onRequest }
  const sessionGuard = keeper
    ? createSessionGuard({ keeper, model: () => blocks.target?.manifest.name ?? null, clock })
    : undefined
  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage,
    events,
    onNotice,
    ...(sessionGuard ? { guard: sessionGuard } : {}),
  })
  await rooms.startPipeline(pipeline)
  scope.add(() => pipeline.stop())
  let inference: InferenceServer | null = null
  if (profile.speaksKwaai) {
    const served = await serveInference({ host, clock, log, stage, events, guard: sessionGuard })
    inference = served
    scope.add(() => served.stop())
    scope.add(await serveHello(host, { clock, log }))
  }

  const governor = profile.loopbackOnly
    ? undefined
    : await openGovernor({
        clock,
        file: config.announcesFile ? jsonFile(config.announcesFile, GovernorSchema) : null,
        onTrouble: (error) => log.write('warn', 'announces.file.failed', messageOf(error)),
      })
  const mark = await takeComputerMark(host.peerId.toString())
  scope.add(() => mark?.())
  const guard = createDoppelgangerGuard({
    dht,
    self: host.peerId,
    privateKey,
    machine: machineFingerprint(host.peerId.toString()),
    isOnlyHere: mark !== null,
    bootstraps: () => book.peers().map(({ peerId }) => peerId),
    intervalMs: profile.timings.announceIntervalMs,
    lifetimeMs: profile.timings.recordLifetimeMs,
    clock,
    log,
    onInUse,
  })
  const presence = createPresence({
    governor,
    guard,
    journal: createLeavingJournal(config.data.announcedFile),
    signal: scope.signal,
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
    shard: () => blocks.serving,
    servers: () => onlineServers(facts.view),
    onRound: () => void view?.refresh(),
    mapDoubt: () => mapDoubt(facts.map),
    onDialled: reach.dialled,
    onOthersSee(othersSee) {
      facts.othersSee = othersSee
      onChange()
    },
  })
  const journal = createCallJournal(clock, log)
  scope.add(() => journal.dispose())
  const stopServingRpcInfo = await rooms.serveRpcInfo(host, {
    clock,
    info: () => ({ version: VERSION, dhtClientMode: dht.mode === 'client', cacheTokensAvailable: cacheTokensLeft() }),
    serves: (key) => blocks.serving !== null && presence.keysOf(blocks.serving.target).includes(key),
    onCall: (peer) => journal.note(RPC_INFO, peer),
  })
  scope.add(() => stopServingRpcInfo())
  if (profile.recordForms.includes('kademlia')) {
    const stopServingExpertInfo = await rooms.serveExpertInfo(host, {
      clock,
      describe: (uid) => presence.describe(uid),
      onCall: (peer) => journal.note(EXPERT_PROTOCOL, peer),
    })
    scope.add(() => stopServingExpertInfo())
  }

  const swarm = createSwarm({
    host,
    privateKey,
    clock,
    log,
    isIssuer: (peer) => book.peers().some(({ peerId }) => peerId.toString() === peer),
    shard: () => blocks.serving,
    level: () => facts.loadLevel,
    sessions: () => ({ active: pipeline.activeSessions, most: config.maxSequences }),
    node: {
      load: loader.again,
      cancel: loader.cancel,
      onUnknownBlocks: () => assignment?.link.askNow(),
      fetching() {
        const { state, progress } = steps.get('fetch') ?? {}
        return state === 'working' && progress?.unit === 'bytes' ? progress : null
      },
    },
    onChange: () => readiness.refresh(),
  })
  const readiness = foldReadiness({ swarm, steps, facts, config, clock, onChange })
  await swarm.start()
  scope.add(async () => {
    readiness.stop()
    await swarm.stop()
  })

  const standing =
    api &&
    createCoordinatorStanding({
      coordinatorUrl: api.baseUrl,
      clock,
      store: jsonFile(config.data.standingFile, StandingMemorySchema),
      onChange() {
        facts.coordinator = standing?.view(assignment?.link.state().name ?? 'unregistered') ?? null
        onChange()
      },
      onStoreError: (error) => log.write('warn', 'standing.memory.failed', messageOf(error)),
    })
  await standing?.load()
  const cache = createPeerCache(jsonFile(config.data.peersFile, PeerCacheSchema))
  const assignment =
    api &&
    standing &&
    createAssignment({ api, host, book, config, rooms, steps, clock, log, blocks, standing, onOverload })
  scope.add(async () => {
    assignment?.stop()
    // The other copy is registered under the same name: signing off would be signing it off.
    await assignment?.link.stop({ unregister: !guard.isInDoubt() && !options.keepsPlace() })
  })
  scope.add(watchWake({ clock, onWake }))
  scope.add(
    watchEvidenceAge(steps, profile, clock, (step, { cause, code }) =>
      log.write('warn', 'evidence.old', cause, { step, code }),
    ),
  )
  if (profile.mapUrl !== undefined) {
    scope.add(
      watchMap({
        url: profile.mapUrl,
        host,
        book,
        publicName: config.publicName,
        serving() {
          const { state, endedAt } = steps.get('announce') ?? {}
          const target = blocks.serving?.target
          return target && state === 'done' && endedAt !== undefined ? { target, since: endedAt } : null
        },
        clock,
        log,
        onOverload,
        onView(seen) {
          facts.map = seen
          onChange()
        },
      }),
    )
  }
  scope.add(
    watchRoutingTable(dht, clock, (table) => {
      facts.routingTable = table
      onChange()
    }),
  )
  const calls = watchCalls(() => host.services.calls.figures(), log)
  scope.add(
    watchResources(
      clock,
      {
        engine: () => loader.loaded?.engine ?? null,
        traffic: () => host.services.traffic.figures(),
        overCaps: watchCaps({ caps: capsOf(config), clock, log }),
      },
      (resources) => {
        facts.resources = resources
        facts.calls = calls()
        onChange()
      },
    ),
  )
  scope.add(async () => {
    // Taking leave comes first, while everything still works.
    view?.stop()
    await blocks.stop()
  })

  void joinNetwork({ host, dht, book, api, cache, profile, rooms, steps, clock, log, scope }).then(
    () => {
      void presence.finishLeaving()
      assignment?.link.start().catch((error: unknown) => steps.failed('register', reportOf(error)))
      if (api && standing && !scope.signal.aborted) {
        const watch = watchNetwork({
          api,
          host,
          book,
          cache,
          standing,
          workerId: workerIdOf(host.peerId.toString()),
          dialledBackBy: () =>
            steps
              .get('visible')
              ?.evidence.map(({ by }) => shortPeer(by))
              .join(' and ') || null,
          isLocal: profile.loopbackOnly,
          clock,
          log,
        })
        scope.add(watch.stop)
      }
    },
    (error: unknown) => {
      if (!scope.signal.aborted) steps.failed('connect', reportOf(error))
    },
  )

  const kwaai = profile.speaksKwaai ? createKwaaiNetwork({ host, clock, pipeline, stage }) : null
  const { spotCheckEvery } = config
  const router = createRouter({ host, pipeline, ...kwaai, clock, log, ...(spotCheckEvery ? { spotCheckEvery } : {}) })
  return {
    pipeline,
    swarm,
    loadNow() {
      loader.again()
      // Where an attempt is under way, whoever was not asked any more is asked again now.
      hand.control.retryNow()
    },
    cancelLoad: loader.cancel,
    get shard() {
      return blocks.serving
    },
    get target() {
      return blocks.target
    },
    get engineReport() {
      return supervisor.state.name === 'ready' ? supervisor.state.report : null
    },
    reapply() {
      if (!assignment) throw new EspalierError('NO_COORDINATOR')
      log.write('info', 'worker.reapply', 'the host is asked again')
      assignment.link.reapply()
      standing?.askedAgain()
    },
    sleep: () => presence.sleep(),
    wake: () => onWake({ kind: 'slept', forMs: 0 }),
    async readBack(signal) {
      const peers = book.peers().map(({ peerId }) => peerId)
      const { target } = blocks
      return target
        ? readBackFrom(dht, host.peerId, peers, presence.keysOf(target), {
            lifetimeMs: profile.timings.recordLifetimeMs,
            signal,
          })
        : []
    },
    async refreshView() {
      await view?.refresh()
      return facts.view
    },
    seen: () => facts.view,
    lanDiscovery,
    links: () => ({
      open: peerLinks(host, book),
      bootstraps: book.peers().flatMap(({ multiaddrs }) => multiaddrs.map(String)),
    }),
    router,
    talk,
  }

  function onInUse(report: ErrorReport): void {
    presence.silence()
    assignment?.stop()
    void assignment?.link.stop({ unregister: false })
    steps.failed('announce', report)
  }

  function onOverload(retryAfterMs: number): void {
    if (!governor) return
    log.write('warn', 'announce.overload', 'the network asked for a pause: nothing is announced for a while', {
      retryAfterMs,
    })
    void governor.overloaded(retryAfterMs)
  }

  function onWake(wake: Wake): void {
    const what = wake.kind === 'slept' ? `slept for ${Math.round(wake.forMs / 1000)} s` : 'the network has changed'
    log.write('info', `wake.${wake.kind}`, what)
    const error = new EspalierError('STALE_AFTER_SLEEP', what)
    presence.stale(error.report())
    // Connections of before are dead as often as not; the ones that answer stay.
    void rooms
      .dialBootstraps(host, book.peers(), clock)
      .catch((failure: unknown) => log.write('debug', 'wake.dial.failed', messageOf(failure)))
      .finally(() => {
        if (!scope.signal.aborted) presence.refresh(error.report())
      })
  }

  function onTarget(next: ShardTarget | null): void {
    facts.blocks = next?.range ?? null
    swarm.setTarget(next)
    if (next) {
      const { name, dhtPrefix, blockCount } = next.manifest
      facts.model = { name, dhtPrefix, blockCount }
      watchModel(facts.model)
    }
    if (!loader.loaded) {
      facts.loadLevel = 'L0'
      facts.speed = null
    }
    onChange()
  }

  function watchModel(model: { dhtPrefix: string; blockCount: number }): void {
    view?.stop()
    view = watchPeers({
      host,
      records: networkView(model.dhtPrefix),
      model,
      isComplete: () => swarm.verdict()?.isReady ?? false,
      longestMs: profile.loopbackOnly ? MAX_LOCAL_WATCH_MS : undefined,
      local: profile.recordForms[0] === 'hivemind' ? () => localSpans(dht, model) : null,
      clock,
      log,
      onView(seen) {
        facts.view = seen
        firstLook.done()
        swarm.onSpans(seen.spans)
        onChange()
      },
    })
  }

  function networkView(dhtPrefix: string): NetworkView {
    if (profile.recordForms[0] === 'hivemind') return hivemindView(dht, profile)
    const self = () => presence.describe('')
    return kademliaView({ host, records, tracked: [dhtPrefix], countsRecords: false, self })
  }

  function cacheTokensLeft(): number {
    return (blocks.serving?.engine.freeSequences ?? 0) * config.contextTokens
  }

  /** No silent penalties: what another node holds against this one is for its owner to see. */
  function onNotice({ code, cause }: NoticeBody, by: string): void {
    const notice = { by, code, cause: plainText(cause), at: clock.now() }
    facts.notices = [...facts.notices, notice].slice(-MAX_NOTICES)
    onChange()
  }

  function onRequest(entry: string): void {
    if (entry === facts.peerId) return
    facts.served = served.add('requests', 1)
    assignment?.link.reportRequest()
  }

  function activeSessions(): number {
    return pipeline.activeSessions + (inference?.activeSessions ?? 0)
  }

  function onSessions(): void {
    facts.activeSessions = activeSessions()
    blocks.onSessions(facts.activeSessions)
    onChange()
  }

  function onServed(entry: string, rows: number): void {
    facts.served = served.add('tokens', rows)
    assignment?.link.reportTokens(rows)
    if (entry === facts.peerId) return
    presence.servedFor(entry)
    if (facts.loadLevel === 'L7') return
    facts.loadLevel = 'L7'
    onChange()
  }
}
