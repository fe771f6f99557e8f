import { type ErrorReport, EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { GovernorSchema, openGovernor } from '../announce/governor'
import { workerIdOf } from '../coordinator/worker-id'
import { furthestExpirationS } from '../hivemind/store-rules'
import { serveHello } from '../kwaai/hello'
import { type InferenceServer, serveInference } from '../kwaai/inference-server'
import { createKwaaiNetwork } from '../kwaai/kwaai-network'
import { keepGrants } from '../membership/keep-grants'
import { createSessionGuard } from '../membership/session-guard'
import { createTokenKeeper } from '../membership/token-keeper'
import type { NoticeBody } from '../pipeline/frames'
import { createPipeline } from '../pipeline/pipeline'
import { createRouter } from '../pipeline/routing/router'
import { jsonFile } from '../storage/atomic-file'
import { createAssignment, openCoordinator } from './assignment'
import { takeComputerMark } from './computer-mark'
import { createCoordinatorStanding, StandingMemorySchema } from './coordinator-standing'
import { createDoppelgangerGuard } from './doppelganger'
import { joinNetwork } from './join-network'
import { createLeavingJournal } from './leaving'
import type { ShardTarget } from './load-ladder'
import { machineFingerprint } from './machine'
import { mapDoubt } from './map-watch'
import { createModelView } from './model-view'
import { onceDone } from './once-done'
import { createPeerCache, PeerCacheSchema } from './peer-cache'
import { peerLinks } from './peer-links'
import { onlineServers } from './peer-watch'
import { createPresence } from './presence'
import { readBackFrom } from './read-back'
import { foldReadiness } from './readiness-fold'
import type { Runtime, RuntimeOptions } from './runtime-types'
import { serveInfo } from './serve-info'
import { openServedCounts, ServedBookSchema } from './served-counts'
import { createServingTarget } from './serving-target'
import { openShardRoom } from './shard-room'
import { startNetwork } from './start-network'
import { createSwarm } from './swarm'
import { doubtAfterSleep, type Wake, wakeInWords, watchWake } from './wake'
import { watchItself } from './watch-itself'
import { watchNetwork } from './watch-network'
import { dialledBackBy, shortPeer } from './words'

const MAX_NOTICES = 8
/** Rather no peer among the sources than a wait for a network that does not answer. */
const FIRST_LOOK_MS = 3_000

/**
 * Brings the rooms of a node to life and wires them: what one room finds out becomes a step, a fact, or the next
 * room's task. Everything is released through `scope`, last first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, clock, log, rooms, steps, facts, scope, onChange } = options
  const { profile } = config
  const coordinator = openCoordinator(config, clock, onOverload)
  const keeper =
    coordinator &&
    createTokenKeeper({ file: config.data.membershipFile, coordinatorUrl: coordinator.baseUrl, clock, log })
  await keeper?.load()
  const api = coordinator && keeper && keepGrants(coordinator, keeper)
  const { host, privateKey, dht, records, book, reach, foreign, lanDiscovery, talk } = await startNetwork(options)

  const served = await openServedCounts({
    store: jsonFile(config.data.countersFile, ServedBookSchema),
    isDemo: profile.watermark !== null,
    clock,
    onChange,
    onTrouble: (error) => log.write('warn', 'counts.file.failed', messageOf(error)),
  })
  facts.served = served.now()
  scope.add(() => served.stop())
  const firstLook = onceDone(clock)
  const shards = await openShardRoom({
    ...options,
    host,
    target: () => blocks.target,
    whenLooked: () => firstLook.within(FIRST_LOOK_MS),
    onProven: (shard) => blocks.onProven(shard),
    onLost: (cause) => blocks.onLost(cause),
    onMissing: (how) => swarm.missing(how),
  })
  const { loader } = shards

  const blocks = createServingTarget({
    loader: () => loader,
    presence: () => presence,
    steps,
    clock,
    log,
    endSessions(code, why) {
      const error = new EspalierError(code, why)
      pipeline.endSessions(error)
      inference?.endSessions(error)
    },
    endAnswers() {
      pipeline.endAnswers()
      kwaai?.endAnswers()
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
    ? createSessionGuard({ keeper, identity: privateKey, model: () => blocks.target?.manifest.name ?? null, clock })
    : undefined
  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage,
    events,
    onNotice,
    keptDirectory: config.data.keptDirectory,
    ...(sessionGuard ? { guard: sessionGuard } : {}),
  })
  const kwaai = profile.speaksKwaai ? createKwaaiNetwork({ host, clock, pipeline, stage }) : null
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
    furthestS: furthestExpirationS(profile),
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
    foreign,
    servers: () => onlineServers(facts.view),
    onRound: () => void view.refresh(),
    mapDoubt: () => mapDoubt(facts.map),
    onDialled: reach.dialled,
    onOthersSee(othersSee) {
      facts.othersSee = othersSee
      onChange()
    },
  })
  const view = createModelView({
    ...options,
    host,
    dht,
    records,
    describe: presence.describe,
    isComplete: () => swarm.verdict()?.isReady ?? false,
    onView(seen) {
      facts.view = seen
      firstLook.done()
      swarm.onSpans(seen.spans)
      onChange()
    },
  })
  await serveInfo({ ...options, host, dht, presence, serving: () => blocks.serving, cacheTokensLeft })

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
  watchItself({
    ...options,
    host,
    dht,
    book,
    engine: () => loader.loaded?.engine ?? null,
    target: () => blocks.serving?.target ?? null,
    onOverload,
  })
  scope.add(async () => {
    // Taking leave comes first, while everything still works.
    view.stop()
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
            dialledBackBy(steps.get('visible')?.evidence ?? [])
              .map(shortPeer)
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

  const { spotCheckEvery } = config
  const router = createRouter({
    host,
    pipeline,
    ...kwaai?.asking,
    clock,
    log,
    ...(spotCheckEvery ? { spotCheckEvery } : {}),
  })
  return {
    pipeline,
    swarm,
    loadNow: shards.loadNow,
    cancelLoad: loader.cancel,
    awaitLoad: loader.awaitCommand,
    get shard() {
      return blocks.serving
    },
    get target() {
      return blocks.target
    },
    get engineReport() {
      return shards.engineReport
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
      await view.refresh()
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
    const what = wakeInWords(wake)
    log.write('info', `wake.${wake.kind}`, what)
    const error = new EspalierError('STALE_AFTER_SLEEP', what)
    presence.stale(error.report())
    assignment?.link.askNow()
    // Another network says nothing against the engine, nor takes back what the host has said.
    if (wake.kind !== 'network-changed') {
      doubtAfterSleep(steps, error.report())
      loader.proveNow()
    }
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
      view.follow(facts.model)
    }
    if (!loader.loaded) {
      facts.loadLevel = 'L0'
      facts.speed = null
    }
    onChange()
  }

  function cacheTokensLeft(): number {
    return (blocks.serving?.engine.freeSequences ?? 0) * config.contextTokens
  }

  /** No silent penalties: what another node holds against this one is for its owner to see. */
  function onNotice({ code, cause }: NoticeBody, by: string): void {
    const notice = { by, code, cause, at: clock.now() }
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
