import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { AppView } from '../../src-shared/app-view'
import type { ApiView, LogLine } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { HostStatus } from '../../src-shared/host-network'
import type { MeterEvent } from '../../src-shared/meter'
import type { NetworkChoice, NetworkJoin, Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import { VERSION } from '../../src-shared/version'
import type { AppPaths } from '../app-paths'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import type { DiagnosticsContext } from '../diagnostics/check'
import { watchConnectivity } from '../diagnostics/connectivity/watch-connectivity'
import type { DeviceProbe } from '../engine/detect-devices'
import type { EngineProcess } from '../engine/engine'
import { type InviteLink, parseInviteLink } from '../membership/invite'
import { loadOrCreateIdentity } from '../network/identity'
import type { NetworkProfile } from '../network/profiles'
import type { RunningNode } from '../node/node'
import { capabilityOf, offerOf } from '../node/offer'
import type { NodeRooms } from '../node/rooms'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import { readGgufHeader } from '../shards/gguf-read'
import { createShardStore } from '../shards/store/shard-store'
import type { DataDirectory } from '../storage/data-directory'
import type { EventLog } from '../storage/event-log'
import { createSecretStore, type SecretCipher } from '../storage/secret-store'
import { bringStateForward } from '../storage/state-version'
import { watchUnsaved } from '../storage/unsaved-book'
import { readTrusted } from '../web/trusted-certificates'
import { wayOut } from '../web/way-out'
import { createAppViewBook } from './app-view-book'
import { createDetectCompute, fetchedLibraries } from './compute'
import { confineDemo } from './confine-demo'
import { keepContribution } from './contribution/keep-contribution'
import { type CurrentNode, createCurrentNode } from './current-node'
import { attachDesktop, type DesktopServices } from './desktop-services'
import { createDiagnosing } from './diagnosing'
import { createFileDesk } from './file-desk'
import { followWayOut } from './follow-way-out'
import { createGenerations } from './generations'
import { createHostNetwork } from './host-network/host-network'
import { createIdentityDesk } from './identity-desk'
import { createLogBook } from './log-book'
import { createAppMeter } from './meter'
import { putOwnerFirst } from './owner/owner-first'
import { senseOwner } from './owner/sensors'
import { previewNetwork } from './preview'
import { createProgramApi } from './program-api'
import { openSettings } from './settings-store'
import { createShardHandlers } from './shard-handlers'
import { createTalkHandlers } from './talk-handlers'
import { createTokenDesk } from './token-desk'
import { createTransfers } from './transfer-wishes'
import { typedPath } from './typed-path'

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
  /** Multiaddrs of the operator's other nodes, which keep one log with this one. */
  ownNodes?: readonly string[]
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
  /** One of several nodes that this user runs on purpose: none of them is the only one. */
  isFleet?: boolean
  /** The system's own store of secrets, where the host has one. */
  secretCipher?: SecretCipher | null
  /** Absent in a headless host. */
  desktop?: DesktopServices
  /** For tests: how devices are looked for. */
  devices?: Partial<DeviceProbe>
  /** For tests of faults. */
  rooms?: Partial<NodeRooms>
}

const BYTES_PER_GB = 1_000_000_000

/** Settings, the current node, and everything that a page may ask of them; every host (CLI, desktop) has one. */
export interface App {
  readonly handlers: MethodHandlers
  status(): NodeStatus
  /** Address and key of the API for programs. */
  api(): ApiView
  /** As they are in force: with what the command line says. */
  settings(): Settings
  /** About the app itself: what it runs in, what it can reach, what waits for its owner. */
  view(): AppView
  /** An invite that was opened as a link; it waits for a person. Throws INVITE_INVALID and INVITE_EXPIRED. */
  offerInvite(link: string): void
  onStatus(listener: (status: NodeStatus) => void): Disposer
  onSettings(listener: (settings: Settings) => void): Disposer
  onView(listener: (view: AppView) => void): Disposer
  /** New events, at most ten batches a second, each small enough for one message. */
  onLog(listener: (lines: LogLine[]) => void): Disposer
  onToken(listener: (payload: EventPayload<'generate.token'>) => void): Disposer
  onRoute(listener: (payload: EventPayload<'generate.route'>) => void): Disposer
  onEnd(listener: (payload: EventPayload<'generate.end'>) => void): Disposer
  onHost(listener: (status: HostStatus) => void): Disposer
  onMeter(listener: (event: MeterEvent) => void): Disposer
  /** Starts the node in the chosen network; does nothing when none is chosen. Resolves when it listens. */
  start(): Promise<void>
  /** Hosts the network again that was hosted when the app was left. Never rejects: why it failed is in the host's status. */
  resumeHosting(): Promise<void>
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
 * Opens the settings and makes everything ready; but for the API for programs nothing runs before `start`. Throws
 * BAD_ARGUMENT for overrides that are not valid, SETTINGS_NOT_SAVED when the data directory can't take its first settings,
 * STATE_FROM_NEWER when a newer app has written it.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { clock, log, data, overrides = {}, fetch = coordinatorFetch } = options
  const { profile: _, bootstraps: __, invite: ___, ownNodes: ____, ...settingsOverrides } = overrides
  await bringStateForward(data, log)
  const settings = await openSettings(data.settingsFile, settingsOverrides, log)
  const bounds = confineDemo(overrides.profile, () => settings.get().network)
  const book = createLogBook(log, clock)
  const compute = createDetectCompute({
    spawnEngine: options.spawnEngine,
    log,
    directoryOf: fetchedLibraries(options.paths.cudaPacks, data.root),
    ...options.devices,
  })
  const secrets = createSecretStore(data.secretsFile, options.secretCipher ?? null)
  const capBytes = () => {
    const { diskCapGb } = settings.get()
    return diskCapGb === null ? null : diskCapGb * BYTES_PER_GB
  }
  const store = createShardStore({ dataDirectory: data.root, clock, capBytes })
  const transfers = createTransfers(settings, secrets)
  const current = createCurrentNode({ ...options, settings, compute, store, transfers })
  const contribution = await keepContribution({ clock, file: data.contributionFile, log, node: current })
  const tokens = createTopic<EventPayload<'generate.token'>>()
  const routes = createTopic<EventPayload<'generate.route'>>()
  const ends = createTopic<EventPayload<'generate.end'>>()
  const stopFollowingWay = await followWayOut(settings, wayOut, log)
  const files = createFileDesk(options.desktop?.chooseFile ?? null)
  const identity = createIdentityDesk(data.identityFile, clock)
  const generations = createGenerations(() => current.node, log, {
    ...{ onToken: tokens.tell, onRoute: routes.tell, onEnd: ends.tell },
  })

  const programs = await createProgramApi({
    ...{ clock, log, settings, bounds },
    keyFile: data.apiKeyFile,
    node: () => current.node,
  })
  const platform = `${process.platform} ${process.arch}`
  const view = createAppViewBook({ version: VERSION, host: options.desktop ? 'desktop' : 'headless', platform })
  const { userRoot } = options
  const stopWatchingDisk = watchUnsaved({
    ...{ clock, log },
    folders: userRoot === undefined ? [data.root] : [data.root, userRoot],
    onChange: (unsaved) => view.change({ unsaved }),
  })
  const sensors = await senseOwner(options.desktop?.senses ?? null)
  view.change({ canPauseFor: [...sensors.can] })
  const detachDesktop = options.desktop ? attachDesktop(options.desktop, settings, view, log) : () => undefined
  const owner = putOwnerFirst({
    ...{ clock, log, sensors },
    settings: settings.get,
    node: current,
    onReasons: (pausedFor) => view.change({ pausedFor }),
  })
  const connectivity = watchConnectivity({
    clock,
    facts() {
      const running = current.node?.running() ?? null
      const { open: links, bootstraps } = running?.links() ?? { open: null, bootstraps: [] }
      const lanDiscovery = running?.lanDiscovery() ?? null
      return {
        now: clock.now(),
        interfaces: networkInterfaces(),
        status: current.status(),
        links,
        bootstraps,
        lanDiscovery,
      }
    },
    onLights: (lights) => view.change({ lights }),
  })
  let invited: OfferedInvite | null = null

  const host = createHostNetwork({
    ...{ clock, log, fetch },
    dataRoot: data.root,
    paths: options.paths,
    spawnEngine: options.spawnEngine,
    startScript: options.startScript,
    ports: options.hostPorts,
  })

  const meter = createAppMeter({ ...options, fetch, settings, compute, profile: overrides.profile ?? null })

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
      owner.overrule()
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
    async 'node.load'() {
      const node = runningNode(current)
      // “Load now” means now, also for whoever has paused before.
      if (settings.get().fetchPaused) await settings.save({ fetchPaused: false })
      node.loadNow()
      return {}
    },
    'settings.get': settings.get,
    'settings.save': async (asked) => {
      const change = asked.modelPath ? { ...asked, modelPath: typedPath(asked.modelPath) } : asked
      bounds.checkSettings(definedFields(change))
      // What is wrong with a file is said while its name is still on the screen.
      if (change.modelPath && change.modelPath !== settings.get().modelPath) await readGgufHeader(change.modelPath)
      if (change.caFile) await readTrusted(change.caFile)
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
      await enter(choice)
      return {}
    },
    async 'network.leave'() {
      await current.choose(null)
      return {}
    },
    ...meter.handlers,
    ...createShardHandlers({
      ...{ clock, data, store, settings, compute, capBytes, diagnosticsContext },
      token: createTokenDesk(secrets),
      resources: join(options.paths.root, 'resources'),
      sampleModel: options.paths.sampleModel,
      running: () => current.node?.running() ?? null,
    }),
    ...createDiagnosing({
      ...{ clock, data, view },
      context: diagnosticsContext,
      status: current.status,
      settings: settings.get,
      log: book,
    }),
    ...createTalkHandlers(() => current.node?.running() ?? null),
    'files.choose': files.choose,
    'identity.get': identity.look,
    'identity.export': (file) => {
      files.check('new-identity-backup', file.path)
      return identity.exportTo(file)
    },
    'identity.import': (file) => {
      files.check('identity-backup', file.path)
      return current.whileStopped(() => identity.importFrom(file))
    },
    'identity.restoreCopy': () => current.whileStopped(identity.restoreCopy),
    'identity.renew': () => current.whileStopped(identity.renew),
    'app.get': view.get,
    async 'app.answerInvite'({ accept }) {
      const offered = invited
      offer(null)
      if (!accept || !offered) return {}
      try {
        await enter({ kind: 'coordinator', url: offered.link.coordinatorUrl, invite: offered.text })
      } catch (error) {
        // It has let nobody in, so it is not used up.
        offer(offered)
        throw error
      }
      return {}
    },
    async 'app.update'() {
      await options.desktop?.updates.press()
      return {}
    },
    'app.draft'({ isUnsaved }) {
      options.desktop?.noteDraft(isUnsaved)
      return {}
    },
    'contribution.get': contribution.week,
    'logs.recent': ({ limit }) => book.recent(limit),
    'api.get': programs.settled,
    'host.get': host.status,
    async 'host.start'(choice) {
      bounds.checkHosting(choice)
      await host.start({ ...choice, modelPath: typedPath(choice.modelPath) })
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

  async function enter(choice: NetworkJoin): Promise<void> {
    const [network, invite] = chosen(choice, clock.now())
    bounds.checkChoice(network)
    await current.choose(network, invite)
  }

  function offer(next: OfferedInvite | null): void {
    invited = next
    const link = next?.link
    view.change({
      invite: link
        ? { coordinatorUrl: link.coordinatorUrl, networkId: link.networkId, expiresAt: link.expiresAt }
        : null,
    })
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
      startsAtLogin: settings.get().startsAtLogin,
      update: view.get().update,
      saveSettings: settings.save,
    }
  }

  return {
    handlers,
    status: current.status,
    api: programs.view,
    settings: settings.get,
    view: view.get,
    offerInvite(text) {
      const link = parseInviteLink(text, clock.now())
      offer({ text, link: { ...link, coordinatorUrl: normaliseCoordinatorUrl(link.coordinatorUrl) } })
    },
    onStatus: current.onStatus,
    onSettings: settings.onChange,
    onView: view.onChange,
    onLog: book.onLines,
    onToken: tokens.subscribe,
    onRoute: routes.subscribe,
    onEnd: ends.subscribe,
    onHost: host.onStatus,
    onMeter: meter.onEvent,
    async start() {
      if (current.hasNetwork) await current.start()
    },
    resumeHosting: host.resume,
    async sleep() {
      await current.node?.running()?.sleep()
    },
    wake: () => current.node?.running()?.wake(),
    stop: current.stop,
    holdBack: current.holdBack,
    async dispose() {
      generations.cancelAll()
      meter.cancel()
      owner.dispose()
      connectivity.dispose()
      detachDesktop()
      await programs.dispose()
      await current.dispose()
      await contribution.close()
      await host.dispose()
      stopFollowingWay()
      stopWatchingDisk()
      book.dispose()
    },
  }
}

function runningNode(current: CurrentNode): RunningNode {
  const running = current.node?.running()
  if (!running) throw new EspalierError('NODE_STOPPED')
  return running
}

interface OfferedInvite {
  /** As it was opened. */
  text: string
  link: InviteLink
}

/** A choice as it is kept, and the signed part of the invite that came with it. Throws INVITE_INVALID for another network's. */
function chosen(join: NetworkJoin, now: number): [NetworkChoice, string | null] {
  if (join.kind === 'demo') return [join, null]
  const { invite, ...choice } = join
  const normalised = (url: string) => normaliseCoordinatorUrl(url, { allowInsecure: join.insecure ?? false })
  const url = normalised(choice.url)
  if (invite === undefined) return [{ ...choice, url }, null]
  const link = parseInviteLink(invite, now)
  if (normalised(link.coordinatorUrl) !== url) throw new EspalierError('INVITE_INVALID', `it is not for ${url}`)
  return [{ ...choice, url }, link.invite]
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
