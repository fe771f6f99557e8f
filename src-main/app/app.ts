import type { ApiView, Check, LogLine } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { HostStatus } from '../../src-shared/host-network'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import type { AppPaths } from '../app-paths'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import type { DiagnosticsContext } from '../diagnostics/check'
import { runDiagnostics } from '../diagnostics/diagnostics'
import type { DeviceProbe } from '../engine/detect-devices'
import type { EngineProcess } from '../engine/engine'
import { loadOrCreateIdentity } from '../network/identity'
import type { NetworkProfile } from '../network/profiles'
import type { RunningNode } from '../node/node'
import { capabilityOf, offerOf } from '../node/offer'
import type { NodeRooms } from '../node/rooms'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import type { DataDirectory } from '../storage/data-directory'
import type { EventLog } from '../storage/event-log'
import { createDetectCompute, fetchedLibraries } from './compute'
import { type CurrentNode, createCurrentNode } from './current-node'
import { createGenerations } from './generations'
import { createHostNetwork } from './host-network/host-network'
import { createLogBook } from './log-book'
import { previewNetwork } from './preview'
import { createProgramApi } from './program-api'
import { openSettings } from './settings-store'
import { shardViewOf } from './shard-view'

/** Runs one of our own scripts (coordinator, CLI) as a child process; a desktop shell has its own way. */
export type StartScript = (options: ChildOptions) => OwnedChild

/**
 * What the command line says. Nothing of it is written down; it holds until somebody changes the same setting.
 * `listenPort` 0 leaves the port to the OS. `profile` is taken as it is; without it the network decides.
 */
export interface AppOverrides extends Partial<Settings> {
  profile?: NetworkProfile
  /** The signed part of an invite to the network that is named here too. */
  invite?: string
  /** Multiaddrs beside those that the coordinator names. */
  bootstraps?: readonly string[]
}

export interface AppOptions {
  clock: Clock
  log: EventLog
  data: DataDirectory
  paths: AppPaths
  spawnEngine: () => EngineProcess
  startScript?: StartScript
  overrides?: AppOverrides
  fetch?: typeof fetch
  /** Of a network that is hosted here; 0 takes free ones. */
  hostPorts?: { http: number; dht: number }
  /** Where all programs of this user keep what they share: the lock of the one node, and how often it announced. */
  userRoot?: string
  /** For tests: how devices are looked for. */
  devices?: Partial<DeviceProbe>
  /** For tests of faults. */
  rooms?: Partial<NodeRooms>
}

/** Settings, the current node, and everything that a page may ask of them; every host (CLI, desktop) has one. */
export interface App {
  readonly handlers: MethodHandlers
  status(): NodeStatus
  /** Address and key of the API for programs. */
  api(): ApiView
  /** As they are in force: with what the command line says. */
  settings(): Settings
  onStatus(listener: (status: NodeStatus) => void): Disposer
  onSettings(listener: (settings: Settings) => void): Disposer
  /** New events, at most ten batches a second, each small enough for one message. */
  onLog(listener: (lines: LogLine[]) => void): Disposer
  onToken(listener: (payload: EventPayload<'generate.token'>) => void): Disposer
  onEnd(listener: (payload: EventPayload<'generate.end'>) => void): Disposer
  onHost(listener: (status: HostStatus) => void): Disposer
  /** Starts the node in the chosen network; does nothing when none is chosen. Resolves when it listens. */
  start(): Promise<void>
  /** Safe mode: the node is not started by itself, and its status says why, until somebody starts it. */
  holdBack(report: ErrorReport): void
  /** The computer is about to sleep: the node says that it is away for now. Never rejects. */
  sleep(): Promise<void>
  /** And that it is back. */
  wake(): void
  /** The node takes leave and stops; a demo network goes on without it. */
  stop(): Promise<void>
  /** Ends everything: generations, node, demo network. The settings stay as they are. */
  dispose(): Promise<void>
}

/**
 * Opens the settings and makes everything ready; but for the API for programs nothing runs before `start`. Throws BAD_ARGUMENT for overrides that
 * are not valid, SETTINGS_NOT_SAVED when the data directory can't take its first settings.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { clock, log, data, overrides = {}, fetch = coordinatorFetch } = options
  const { profile: _, bootstraps: __, ...settingsOverrides } = overrides
  const settings = await openSettings(data.settingsFile, settingsOverrides, log)
  const book = createLogBook(log, clock)
  const compute = createDetectCompute({
    spawnEngine: options.spawnEngine,
    log,
    directoryOf: fetchedLibraries(options.paths.cudaPacks, data.root),
    ...options.devices,
  })
  const current = createCurrentNode({ ...options, settings, compute })
  const tokens = createTopic<EventPayload<'generate.token'>>()
  let diagnosing: Promise<Check[]> | null = null
  const ends = createTopic<EventPayload<'generate.end'>>()
  const generations = createGenerations(() => current.node, log, { onToken: tokens.tell, onEnd: ends.tell })

  const programs = await createProgramApi({
    ...{ clock, log, settings },
    keyFile: data.apiKeyFile,
    node: () => current.node,
  })
  const host = createHostNetwork({
    ...{ clock, log, fetch },
    dataRoot: data.root,
    paths: options.paths,
    spawnEngine: options.spawnEngine,
    startScript: options.startScript,
    ports: options.hostPorts,
  })

  /** What the next start of the app does; a disk that can't keep it is no reason to refuse the wish itself. */
  const remember = (startsRunning: boolean) =>
    settings
      .save({ startsRunning })
      .catch((error: unknown) => log.write('warn', 'settings.save.failed', messageOf(error)))

  const handlers: MethodHandlers = {
    'generate.start': generations['generate.start'],
    'generate.cancel': generations['generate.cancel'],
    'status.get': current.status,
    async 'node.start'() {
      await current.start()
      await remember(true)
      return {}
    },
    async 'node.stop'() {
      await current.stop()
      await remember(false)
      return {}
    },
    'node.reapply'() {
      runningNode(current).reapply()
      return {}
    },
    'node.load'() {
      runningNode(current).loadNow()
      return {}
    },
    'settings.get': settings.get,
    'settings.save': async (change) => {
      // More than there is can't be saved, so that nothing else has to say no later.
      if (change.offeredMemoryGb) offerOf(capabilityOf(await compute(settings.get())), change.offeredMemoryGb)
      return settings.save(definedFields(change))
    },
    'network.preview': async ({ url, insecure = false }) =>
      previewNetwork(url, {
        allowInsecure: insecure,
        fetch,
        clock,
        peerId: (await loadOrCreateIdentity(data.identityFile)).publicKey.toString(),
        publicName: settings.get().publicName,
        offeredMemoryGb: settings.get().offeredMemoryGb,
        gpuMemoryGb: settings.get().gpuMemoryGb,
        requestedBlocks: settings.get().requestedBlocks,
        compute: await compute(settings.get()),
        listenPort: settings.listenPort(),
      }),
    async 'network.join'(choice) {
      await current.choose(
        choice.kind === 'demo'
          ? choice
          : { ...choice, url: normaliseCoordinatorUrl(choice.url, { allowInsecure: choice.insecure ?? false }) },
      )
      return {}
    },
    async 'network.leave'() {
      await current.choose(null)
      return {}
    },
    'shards.get'() {
      const target = current.node?.running()?.target
      return target ? shardViewOf(target, data.root) : null
    },
    'diagnostics.run': diagnose,
    'logs.recent': ({ limit }) => book.recent(limit),
    'api.get': programs.settled,
    'host.get': host.status,
    async 'host.start'(choice) {
      await host.start(choice)
      return {}
    },
    async 'host.stop'() {
      await host.stop()
      return {}
    },
    async 'host.decide'(choice) {
      await host.decide(choice)
      return {}
    },
    'host.invite': ({ label }) => host.invite(label),
  }

  /** A second page that asks meanwhile gets the same answer. */
  function diagnose(): Promise<Check[]> {
    diagnosing ??= runDiagnostics(diagnosticsContext()).finally(() => {
      diagnosing = null
    })
    return diagnosing
  }

  function diagnosticsContext(): DiagnosticsContext {
    const { coordinatorUrl } = current.status()
    return {
      clock,
      fetch,
      data,
      spawnEngine: options.spawnEngine,
      listenPort: settings.listenPort(),
      coordinatorUrl,
      bootstraps: overrides.bootstraps ?? [],
      status: current.node ? current.status() : null,
      running: current.node?.running() ?? null,
      modelPath: settings.get().modelPath,
      manifestPath: null,
    }
  }

  return {
    handlers,
    status: current.status,
    api: programs.view,
    settings: settings.get,
    onStatus: current.onStatus,
    onSettings: settings.onChange,
    onLog: book.onLines,
    onToken: tokens.subscribe,
    onEnd: ends.subscribe,
    onHost: host.onStatus,
    async start() {
      if (current.hasNetwork) await current.start()
    },
    async sleep() {
      await current.node?.running()?.sleep()
    },
    wake: () => current.node?.running()?.wake(),
    stop: current.stop,
    holdBack: current.holdBack,
    async dispose() {
      generations.cancelAll()
      await programs.dispose()
      await current.dispose()
      await host.dispose()
      book.dispose()
    },
  }
}

function runningNode(current: CurrentNode): RunningNode {
  const running = current.node?.running()
  if (!running) throw new EspalierError('NODE_STOPPED')
  return running
}

/** Leaves out the fields that are there without a value. */
function definedFields<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

function createTopic<T>() {
  const listeners = new Set<(payload: T) => void>()
  return {
    tell(payload: T): void {
      for (const listener of listeners) listener(payload)
    },
    subscribe(listener: (payload: T) => void): Disposer {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
