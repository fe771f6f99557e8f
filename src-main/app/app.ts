import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import type { DiagnosticsContext } from '../diagnostics/check'
import { watchConnectivity } from '../diagnostics/connectivity/watch-connectivity'
import { findNetworks } from '../lan/find-networks'
import { loadOrCreateIdentity } from '../network/identity'
import type { RunningNode } from '../node/node'
import { createShardStore } from '../shards/store/shard-store'
import { watchDamage } from '../storage/damage-watch'
import { warnIfOpen } from '../storage/owner-only'
import { createSecretStore } from '../storage/secret-store'
import { bringStateForward } from '../storage/state-version'
import { watchUnsaved } from '../storage/unsaved-book'
import { wayOut } from '../web/way-out'
import type { App, AppOptions } from './app-types'
import { createAppViewBook } from './app-view-book'
import { createDetectCompute, fetchedLibraries } from './compute'
import { createComputerDesk } from './computer-desk'
import { confineDemo } from './confine-demo'
import { keepContribution } from './contribution/keep-contribution'
import { type CurrentNode, createCurrentNode } from './current-node'
import { attachDesktop } from './desktop-services'
import { createDiagnosing } from './diagnosing'
import { createEntrance } from './entrance'
import { createFileDesk } from './file-desk'
import { followWayOut } from './follow-way-out'
import { createGenerations } from './generations'
import { createHostHandlers } from './host-network/host-handlers'
import { createHostNetwork } from './host-network/host-network'
import { createIdentityDesk } from './identity-desk'
import { createKnowModel } from './known-model'
import { createLogBook } from './log-book'
import { createAppMeter } from './meter'
import { putOwnerFirst } from './owner/owner-first'
import { senseOwner } from './owner/sensors'
import { previewNetwork } from './preview'
import { createProgramApi } from './program-api'
import { createSettingsHandlers } from './settings-handlers'
import { openSettings } from './settings-store'
import { createShardHandlers } from './shard-handlers'
import { createTalkHandlers } from './talk-handlers'
import { createTokenDesk } from './token-desk'
import { createTopic } from './topic'
import { createTransfers } from './transfer-wishes'

export type { App, AppOptions, AppOverrides, StartScript } from './app-types'

const BYTES_PER_GB = 1_000_000_000

/**
 * Opens the settings and makes everything ready; but for the API for programs nothing runs before `start`. Throws
 * BAD_ARGUMENT for overrides that are not valid, SETTINGS_NOT_SAVED when the data directory can't take its first settings,
 * STATE_FROM_NEWER when a newer app has written it.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { clock, log, data, overrides = {}, fetch = coordinatorFetch } = options
  const { profile: _, bootstraps: __, invite: ___, ownNodes: ____, ...settingsOverrides } = overrides
  warnIfOpen(data.root, log)
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
  const knowModel = createKnowModel({
    ...{ store, sampleModel: options.paths.sampleModel },
    running: () => current.node?.running() ?? null,
  })
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
  const folders = userRoot === undefined ? [data.root] : [data.root, userRoot]
  const stopWatchingDamage = watchDamage(folders, log)
  const stopWatchingDisk = watchUnsaved({
    ...{ clock, log, folders },
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
  const entrance = createEntrance({ clock, current, bounds, view })
  const host = createHostNetwork({
    ...{ clock, log, fetch },
    dataRoot: data.root,
    paths: options.paths,
    spawnEngine: options.spawnEngine,
    startScript: options.startScript,
    ports: options.hostPorts,
  })

  const { modelsDirectory } = data
  const computer = createComputerDesk({ ...options, modelsDirectory, store, settings, compute })
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
    ...createSettingsHandlers({ settings, bounds, compute, knowModel }),
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
    ...entrance.handlers,
    ...computer.handlers,
    'lan.find': () => (bounds.isPinned ? { networks: [], trouble: null } : findNetworks({ clock })),
    ...meter.handlers,
    ...createShardHandlers({
      ...{ clock, data, store, settings, compute, capBytes, diagnosticsContext },
      token: createTokenDesk(secrets),
      resources: join(options.paths.root, 'resources'),
      knowModel,
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
    ...createHostHandlers(host, bounds),
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
    offerInvite: entrance.offerInvite,
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
      computer.cancel()
      owner.dispose()
      connectivity.dispose()
      detachDesktop()
      await programs.dispose()
      await current.dispose()
      await contribution.close()
      await host.dispose()
      stopFollowingWay()
      stopWatchingDamage()
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
