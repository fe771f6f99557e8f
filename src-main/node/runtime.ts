import { arch, cpus, platform } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, reportOf } from '../../src-shared/errors'
import type { Evidence, LoadLevel } from '../../src-shared/status'
import { VERSION } from '../../src-shared/version'
import { type Announcement, createAnnouncer, type RoundReport } from '../announce/announcer'
import { type CoordinatorApi, createCoordinatorApi } from '../coordinator/coordinator-api'
import { createCoordinatorLink } from '../coordinator/coordinator-link'
import type { AssignedBlocks } from '../coordinator/link-events'
import { LinkMemorySchema } from '../coordinator/link-memory'
import { workerIdOf } from '../coordinator/worker-id'
import type { EngineProcess } from '../engine/engine'
import { EngineSupervisor } from '../engine/supervisor'
import { createHivemindDht, type HivemindDht } from '../hivemind/dht'
import { boundPort, createHost, type Host } from '../network/host'
import { loadOrCreateIdentity } from '../network/identity'
import { isLoopback } from '../network/peer-addresses'
import { createWitnessService } from '../observe/witness-service'
import { createPipeline, type Pipeline } from '../pipeline/pipeline'
import { checkManifest, type Manifest } from '../shards/manifest'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'
import { MAX_BATCH_TOKENS, type NodeConfig } from './config'
import type { NodeFacts } from './facts'
import { followCoordinator } from './follow-coordinator'
import { createBootstrapBook, joinNetwork } from './join-network'
import type { Scope } from './lifecycle'
import { type PeerView, watchPeers } from './peer-watch'
import { watchResources } from './resources'
import type { NodeRooms } from './rooms'
import { serverInfoFor } from './server-info-for'
import { createShardLoader, type LoadedShard, type ShardTarget } from './shard-loader'
import type { Steps } from './steps'
import { createVisibilityLoop } from './visibility-loop'
import { watchEvidenceAge } from './watchdog'

const PEER_WATCH_LOCAL_MS = 2_000
const PEER_WATCH_MS = 30_000
const RESUME_TARGET_MS = 5_000

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
  readonly host: Host
  readonly dht: HivemindDht
  readonly pipeline: Pipeline
  readonly shard: LoadedShard | null
  /** What the DHT says about the servers of our model, read now. */
  refreshView(): Promise<PeerView>
}

/**
 * Brings the rooms of a node to life, in the order of the steps, and wires them: what one room finds out becomes a
 * step, a fact, or the next room's task. Everything is released through `scope`, last first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, clock, log, rooms, steps, facts, scope, onChange } = options
  const { profile } = config
  let target: ShardTarget | null = null
  let lastServed: Evidence | null = null
  let view: ReturnType<typeof watchPeers> | null = null
  const api = config.coordinatorUrl === null ? null : openCoordinator(config, clock)

  const privateKey = await loadOrCreateIdentity(config.data.identityFile)
  const host = await createHost({ privateKey, profile, port: config.listenPort, kadMode: 'server' })
  scope.add(() => host.stop())
  const self = host.peerId.toString()
  facts.peerId = self
  facts.listenAddresses = host.getMultiaddrs().map(String)
  facts.upSince = clock.now()
  log.write('info', 'node.listening', `listening on ${facts.listenAddresses.join(', ')}`, {
    port: boundPort(host),
    peerId: self,
  })
  onChange()

  const book = createBootstrapBook(self, log)
  book.add(config.bootstraps)
  const bootstraps = () => book.peers().map(({ peerId }) => peerId)
  const dht = createHivemindDht({ libp2p: host, clock, mode: 'server', bootstrapPeers: bootstraps })
  await dht.start()
  scope.add(() => dht.stop())
  const witness = createWitnessService({ host, dht, privateKey, profile, clock, log })
  await witness.start()
  scope.add(() => witness.stop())

  const supervisor = new EngineSupervisor({
    spawnEngine: options.spawnEngine,
    library: { accelerator: 'cpu', directory: null },
    clock,
  })
  scope.add(() => supervisor.stop())

  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage: () => loader.loaded?.stage ?? null,
    events: { onSessionStart: (entry) => onSessionStart(entry), onServed: (entry, rows) => onServed(entry, rows) },
  })
  await rooms.startPipeline(pipeline)
  scope.add(() => pipeline.stop())

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
    events: { onLevel, onProven, onLost },
  })
  scope.add(() => loader.stop())

  const announcer = createAnnouncer({
    dht: rooms.announcerDht(dht),
    self: host.peerId,
    bootstraps,
    profile,
    clock: rooms.announcerClock(clock),
    log,
    onRound,
  })
  scope.add(() => announcer.stop())

  const visibility = createVisibilityLoop({
    host,
    dht,
    bootstraps,
    intervalMs: profile.timings.witnessIntervalMs,
    clock,
    log,
    ask: rooms.askWitness,
    onVerdict,
  })
  scope.add(() => visibility.pause())

  const stopServingRpcInfo = await rooms.serveRpcInfo(host, {
    clock,
    info: () => ({ version: VERSION, dhtClientMode: false, cacheTokensAvailable: cacheTokensLeft() }),
    serves: (key) => loader.loaded !== null && announcedKeys().includes(key),
  })
  scope.add(() => stopServingRpcInfo())

  const link = api ? openLink(api) : null
  scope.add(watchEvidenceAge(steps, profile.timings, clock, onDoubt))
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
    // First of all: taking leave, while everything still works.
    visibility.pause()
    view?.stop()
    pipeline.endSessions(new EspalierError('STAGE_LOST', 'the node stops'))
    await announcer.leave()
  })

  void joinNetwork({ host, dht, book, api, rooms, steps, clock, log, scope }).then(
    () => link?.start().catch((error: unknown) => steps.failed('register', reportOf(error))),
    (error: unknown) => {
      if (!scope.signal.aborted) steps.failed('connect', reportOf(error))
    },
  )

  return {
    host,
    dht,
    pipeline,
    get shard() {
      return loader.loaded
    },
    async refreshView() {
      await view?.refresh()
      return facts.view
    },
  }

  // --- Coordinator

  function openLink(coordinator: CoordinatorApi) {
    steps.working('register')
    const opened = createCoordinatorLink({
      api: coordinator,
      clock: rooms.heartbeatClock(clock),
      store: jsonFile(config.data.coordinatorFile, LinkMemorySchema),
      heartbeatIntervalMs: profile.timings.heartbeatIntervalMs,
      registration: () => ({
        worker_id: workerIdOf(self),
        nickname: config.publicName,
        hardware_type: 'cpu',
        device_name: `${cpus()[0]?.model ?? 'processor'} (${platform()} ${arch()})`,
        vram_gb: 0,
        x_peer_id: self,
        x_multiaddrs: host.getMultiaddrs().map(String),
        x_demo: profile.watermark !== null,
      }),
      onEvent: followCoordinator({
        steps,
        book,
        log,
        events: { onAssigned: (assigned) => void onAssigned(coordinator, assigned), onUnassigned },
      }),
    })
    scope.add(async () => {
      await opened.stop()
    })
    return opened
  }

  async function onAssigned(coordinator: CoordinatorApi, assigned: AssignedBlocks): Promise<void> {
    try {
      const manifest = await fetchManifest(coordinator, assigned)
      if (config.modelPath === null) throw new EspalierError('SHARD_MISSING', `no file of ${manifest.name} was chosen`)
      if (scope.signal.aborted) return
      await leaveEarlierBlocks(manifest, assigned)
      target = { manifest, range: assigned.range, modelPath: config.modelPath }
      facts.model = { name: manifest.name, dhtPrefix: manifest.dhtPrefix, blockCount: manifest.blockCount }
      facts.blocks = assigned.range
      watchModel(manifest)
      onChange()
      // JOINING is said while the slice is fetched and loaded, and only then: approval came first.
      void announcer.announce(announcementOf(target, null))
      loader.use(target)
    } catch (error) {
      if (scope.signal.aborted) return
      steps.failed('fetch', reportOf(error), { what: 'Trying again by itself.', at: clock.now() + RESUME_TARGET_MS })
      scope.add(clock.after(RESUME_TARGET_MS, () => void onAssigned(coordinator, assigned)))
    }
  }

  /** Other blocks than before: what said that we serve the old ones is withdrawn first. */
  async function leaveEarlierBlocks(manifest: Manifest, { range }: AssignedBlocks): Promise<void> {
    if (
      !target ||
      (target.manifest.root === manifest.root && target.range.start === range.start && target.range.end === range.end)
    )
      return
    await withdraw('other blocks are assigned')
  }

  async function withdraw(why: string): Promise<void> {
    visibility.pause()
    pipeline.endSessions(new EspalierError('STAGE_LOST', why))
    steps.idle('fetch', 'load', 'prove', 'announce', 'visible', 'serve')
    target = null
    facts.blocks = null
    await announcer.leave()
  }

  function onUnassigned(): void {
    if (!target) return
    link?.setStatus('joining')
    loader.rest()
    void withdraw('the coordinator assigns nothing')
    onLevel('L0')
  }

  function watchModel(manifest: Manifest): void {
    view?.stop()
    view = watchPeers({
      host,
      dht,
      model: manifest,
      intervalMs: profile.loopbackOnly ? PEER_WATCH_LOCAL_MS : PEER_WATCH_MS,
      clock,
      log,
      onView(seen) {
        facts.view = seen
        onChange()
      },
    })
  }

  // --- Engine

  function onLevel(level: LoadLevel): void {
    facts.loadLevel = level
    onChange()
  }

  function onProven(shard: LoadedShard): void {
    link?.setStatus('online', { model: shard.target.manifest.name, range: shard.target.range })
    steps.working('announce')
    void announcer.announce(announcementOf(shard.target, shard))
  }

  function onLost(cause: ErrorReport): void {
    visibility.pause()
    pipeline.endSessions(new EspalierError('ENGINE_GONE', cause.cause))
    steps.idle('announce', 'visible', 'serve')
    link?.setStatus('joining')
    if (target) void announcer.announce(announcementOf(target, null))
  }

  function cacheTokensLeft(): number {
    const free = Math.max(0, config.maxSequences - pipeline.activeSessions)
    return loader.loaded ? free * config.contextTokens : 0
  }

  // --- Announcing and being seen

  function announcementOf({ manifest, range }: ShardTarget, shard: LoadedShard | null): Announcement {
    return {
      model: { dhtPrefix: manifest.dhtPrefix, blockCount: manifest.blockCount, repository: manifest.repository },
      range,
      // Asked for anew in every round, so that the cache room in the record is the room that there is.
      info: () =>
        serverInfoFor({
          config,
          manifest,
          range,
          throughput: shard?.throughput ?? null,
          cacheTokensLeft: cacheTokensLeft(),
        }),
    }
  }

  function onRound(report: RoundReport): void {
    const { error, readBack, ackedBy, acknowledged, total, at, nextAt } = report
    void view?.refresh()
    // A JOINING round is not this step's matter, and a round for what has been lost since says nothing.
    if (report.state !== 'online' || !loader.loaded) return
    steps.progress('announce', { done: acknowledged, total, unit: 'records' })
    const next = { what: 'The records are written again.', at: nextAt }
    if (error || !readBack) {
      const blocker = error ?? new EspalierError('NOT_READ_BACK').report()
      if (steps.get('announce')?.state === 'done') steps.degraded('announce', blocker, next)
      else steps.failed('announce', blocker, next)
      return
    }
    const stored: Evidence[] = ackedBy.map((by) => ({
      kind: 'peer',
      by,
      at,
      value: `keeps our records (${acknowledged} of ${total})`,
    }))
    const read: Evidence = {
      kind: 'peer',
      by: readBack.by,
      at,
      value: `${readBack.found} records read back, acks=${ackedBy.length} readback=${readBack.by}`,
    }
    const wasDone = steps.isDone('announce')
    steps.done('announce', [...stored.slice(0, 6), read], next)
    if (!wasDone && target) lookFromOutside(target)
  }

  function announcedKeys(): string[] {
    return target ? announcer.keysOf(announcementOf(target, null)) : []
  }

  function lookFromOutside(at: ShardTarget): void {
    if (!steps.isDone('visible')) steps.working('visible')
    if (!steps.isDone('serve')) steps.working('serve')
    visibility.look(at, announcedKeys())
  }

  function onVerdict(verdict: Parameters<Parameters<typeof createVisibilityLoop>[0]['onVerdict']>[0]): void {
    if (!loader.loaded) return
    if (verdict.visible) {
      if (!steps.isDone('visible'))
        log.write('info', 'node.visible', verdict.evidence.map(({ by }) => `seen by ${by}`).join(', '))
      steps.done('visible', verdict.evidence)
    } else if (verdict.blocker) doubt('visible', verdict.blocker)
    if (verdict.serving.length > 0) steps.done('serve', [...verdict.serving, ...servedEvidence()])
    else if (verdict.servingBlocker) doubt('serve', verdict.servingBlocker)
  }

  function doubt(step: 'visible' | 'serve', blocker: ErrorReport): void {
    log.write('warn', `${step}.doubted`, blocker.cause, { code: blocker.code })
    const before = steps.get(step)?.state
    if (before === 'done' || before === 'degraded') steps.degraded(step, blocker)
    // Nobody there to ask is a wait, not a fault.
    else if (blocker.code === 'NO_WITNESS') steps.waiting(step, { what: blocker.cause })
    else steps.failed(step, blocker, { what: 'Asking again shortly.' })
  }

  function onDoubt(step: string, report: ErrorReport): void {
    log.write('warn', 'evidence.old', report.cause, { step, code: report.code })
  }

  // --- Serving

  function onSessionStart(entry: string): void {
    if (entry !== self) facts.requests++
    onChange()
  }

  function onServed(entry: string, rows: number): void {
    facts.tokens += rows
    facts.activeSessions = pipeline.activeSessions
    link?.reportTokens(rows)
    if (entry !== self) {
      lastServed = { kind: 'peer', by: entry, at: clock.now(), value: 'ran tokens through our blocks' }
      facts.loadLevel = 'L7'
    }
    onChange()
  }

  function servedEvidence(): Evidence[] {
    return lastServed ? [lastServed] : []
  }
}

/** A demo node must not reach a real network, nor a real node a demo (C-40); the coordinator checks the other half. */
function openCoordinator({ coordinatorUrl, profile }: NodeConfig, clock: Clock): CoordinatorApi {
  const api = createCoordinatorApi({ baseUrl: coordinatorUrl ?? '', fetch: globalThis.fetch, clock })
  const { hostname } = new URL(api.baseUrl)
  if (
    profile.loopbackOnly &&
    !isLoopback(multiaddr(hostname.includes(':') ? '/ip6/::1' : `/dns4/${hostname}`)) &&
    hostname !== 'localhost'
  ) {
    throw new EspalierError('DEMO_CONFINED', `the coordinator at ${hostname} is not on this computer`)
  }
  return api
}

async function fetchManifest(api: CoordinatorApi, { model, manifestSha256 }: AssignedBlocks): Promise<Manifest> {
  if (manifestSha256 === null) throw new EspalierError('MANIFEST_MISSING', model)
  const { value } = await api.manifest(model)
  return checkManifest(value)
}
