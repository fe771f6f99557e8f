import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import { serveHello } from '../kwaai/hello'
import { type InferenceServer, serveInference } from '../kwaai/inference-server'
import { createKwaaiNetwork } from '../kwaai/kwaai-network'
import { keepGrants } from '../membership/keep-grants'
import { createSessionGuard } from '../membership/session-guard'
import { createTokenKeeper } from '../membership/token-keeper'
import { createPipeline } from '../pipeline/pipeline'
import { createRouter } from '../pipeline/routing/router'
import { jsonFile } from '../storage/atomic-file'
import { createAssignment, openCoordinator } from './assignment'
import { createCoordinatorStanding, StandingMemorySchema } from './coordinator-standing'
import { enterNetwork } from './enter-network'
import type { ShardTarget } from './load-ladder'
import { createModelView } from './model-view'
import { onceDone } from './once-done'
import { openNodeGovernor, openPresence } from './open-presence'
import { createPeerCache, PeerCacheSchema } from './peer-cache'
import { peerLinks } from './peer-links'
import { readBackFrom } from './read-back'
import { foldReadiness } from './readiness-fold'
import type { Runtime, RuntimeOptions } from './runtime-types'
import { serveInfo } from './serve-info'
import { openServedCounts, ServedBookSchema } from './served-counts'
import { createServingFacts } from './serving-facts'
import { createServingTarget } from './serving-target'
import { openShardRoom } from './shard-room'
import { startNetwork } from './start-network'
import { createSwarm } from './swarm'
import { doubtAfterSleep, type Wake, wakeInWords, watchWake } from './wake'
import { watchItself } from './watch-itself'

/** Rather no peer among the sources than a wait for a network that does not answer. */
const FIRST_LOOK_MS = 3_000

/**
 * Brings the rooms of a node to life and wires them: what one room finds out becomes a step, a fact, or the next
 * room's task. Everything is released through `scope`, last first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, clock, log, rooms, steps, facts, scope, onChange } = options
  const { profile } = config
  const governor = await openNodeGovernor(options)
  const coordinator = openCoordinator(config, clock, onOverload)
  const keeper =
    coordinator &&
    createTokenKeeper({ file: config.data.membershipFile, coordinatorUrl: coordinator.baseUrl, clock, log })
  await keeper?.load()
  const api = coordinator && keeper && keepGrants(coordinator, keeper)
  const network = await startNetwork(options)
  const { host, privateKey, dht, records, book, lanDiscovery, talk } = network

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
  const events = createServingFacts({
    facts,
    counts: served,
    clock,
    sessions: () => pipeline.activeSessions + (inference?.activeSessions ?? 0),
    onSessions: (active) => blocks.onSessions(active),
    report: {
      tokens: (count) => assignment?.link.reportTokens(count),
      request: () => assignment?.link.reportRequest(),
    },
    onServedFor: (peer) => presence.servedFor(peer),
    onChange,
  })
  const sessionGuard = keeper
    ? createSessionGuard({ keeper, identity: privateKey, model: () => blocks.target?.manifest.name ?? null, clock })
    : undefined
  const pipeline = createPipeline({
    host,
    clock,
    log,
    stage,
    events,
    onNotice: events.onNotice,
    keptDirectory: config.data.keptDirectory,
    ...(sessionGuard ? { guard: sessionGuard } : {}),
  })
  const kwaai = profile.speaksKwaai ? createKwaaiNetwork({ host, clock, pipeline, stage }) : null
  await rooms.startPipeline(pipeline)
  scope.add(() => pipeline.stop())
  let inference: InferenceServer | null = null
  if (profile.speaksKwaai) {
    const served = await serveInference({
      ...{ host, clock, log, stage, events, guard: sessionGuard },
      leases: pipeline.leases,
    })
    inference = served
    scope.add(() => served.stop())
    scope.add(await serveHello(host, { clock, log }))
  }

  const { presence, guard } = await openPresence({
    ...options,
    network,
    governor,
    onInUse,
    cacheTokensLeft,
    shard: () => blocks.serving,
    onRound: () => void view.refresh(),
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

  void enterNetwork({ ...options, host, dht, book, api, cache, profile, presence, assignment, standing })

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
}
