import { type Clock, type Disposer, systemClock } from '../../src-shared/clock'
import { isErrorCode, messageOf } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import { VERSION } from '../../src-shared/version'
import { type App, type AppOverrides, createApp } from '../app/app'
import { logLimitsOf } from '../app/log-limits'
import { appPaths } from '../app-paths'
import { createConflater } from '../bridge/conflate'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { serveUi } from '../headless'
import { parseInviteLink } from '../membership/invite'
import type { NetworkProfile } from '../network/profiles'
import { checkThreads } from '../node/threads'
import { startChild } from '../process/owned-child'
import { readGgufHeader } from '../shards/gguf-read'
import { type DataDirectory, defaultDataRoot, openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { writeLogFiles } from '../storage/log-files'
import { lockDataDirectory } from '../storage/process-lock'
import { removeRunning, writeRunning } from './ask-running'
import { checkPeers } from './check-peers'
import { pointToFirst } from './first-node'
import { printStatus } from './status-text'
import { untilEnd } from './until-end'
import { checkArguments } from './wrong-arguments'

export interface ServeOptions {
  dataDir?: string
  profile?: NetworkProfile
  coordinator?: string
  /** A link; names the coordinator too. */
  invite?: string
  insecureHttp?: boolean
  bootstrap?: string[]
  ownNode?: string[]
  modelFile?: string
  name?: string
  port?: number
  uiPort: number
  api?: Settings['apiAccess']
  apiPort?: number
  threads?: number
  contextTokens?: number
  sessions?: number
  fleet?: boolean
  json: boolean
}

const STATUS_INTERVAL_MS = 100
/** Another computer runs this very node. Whatever restarts programs must not restart this one. */
const EXIT_IDENTITY_IN_USE = 3

/**
 * Runs a node, with its page, until SIGINT, SIGTERM or SIGHUP, then takes leave and returns. Without a network on the command
 * line it is the one chosen before; without any the page waits for a choice. Where one runs already this one says so
 * and ends, which is no failure: the computer gives to the network.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const overrides = await checkArguments(() => overridesOf(withInvite(options, systemClock.now())))
  const data = await openDataDirectory(options.dataDir)
  let unlock: Disposer
  try {
    unlock = lockDataDirectory(data.root)
  } catch (error) {
    if (isErrorCode(error, 'DATA_DIR_IN_USE')) {
      return pointToFirst(data.root, error, { json: options.json, clock: systemClock })
    }
    throw error
  }
  try {
    // Left behind by one that was killed; its token opens nothing any more.
    await removeRunning(data.root)
    await serveFrom(data, options, overrides)
  } finally {
    unlock()
  }
}

async function serveFrom(data: DataDirectory, options: ServeOptions, overrides: AppOverrides): Promise<void> {
  const clock: Clock = systemClock
  const paths = appPaths()
  const log = createEventLog(clock, null)
  let opened: App | null = null
  writeLogFiles(log, data.logsDirectory, () => logLimitsOf(opened?.settings()))
  log.write('info', 'app.opened', `Espalier ${VERSION}, Node ${process.version}, data in ${data.root}`)
  const out = (line: string) => void process.stdout.write(`${line}\n`)
  log.subscribe((event) => {
    if (event.level === 'debug') return
    if (options.json) out(JSON.stringify({ type: 'log', ...event }))
    else if (event.level !== 'info') out(`${event.level}: ${event.message}`)
  })
  // A warning, and no refusal: the disk with the file may come later, and the node asks again by itself.
  if (options.modelFile !== undefined)
    await readGgufHeader(options.modelFile).catch((error: unknown) =>
      log.write('warn', 'model.file.unusable', messageOf(error)),
    )
  const app = await createApp({
    clock,
    log,
    data,
    paths,
    spawnEngine: () => startChild({ script: paths.engineChild, ipc: 'pipe' }),
    overrides,
    userRoot: defaultDataRoot(),
    ...(options.fleet ? { isFleet: true } : {}),
  })
  opened = app
  const printer = options.json
    ? (status: NodeStatus) => out(JSON.stringify({ type: 'status', status }))
    : printStatus(out)
  const statuses = createConflater<NodeStatus>(clock, STATUS_INTERVAL_MS, printer)
  app.onStatus(statuses.push)
  const ui = await serveUi({ app, rootDir: paths.renderer, port: options.uiPort, clock, log })
  await writeRunning(data.root, { port: ui.port, token: ui.token, pid: process.pid, url: ui.url })
  const ended = Promise.race([untilEnd(), untilRefused(app)])
  const { url: api } = app.api()
  out(
    options.json
      ? JSON.stringify({ type: 'ready', ui: ui.url, uiReadOnly: ui.readUrl, api, pid: process.pid })
      : `Open ${ui.url}`,
  )
  if (!options.json) out(`To look and change nothing: ${ui.readUrl}`)
  if (api !== null && !options.json) out(`Programs ask at ${api} with the key in ${data.apiKeyFile}`)
  try {
    void app.resumeHosting()
    // Asked to end while it starts, it does not have to get there first.
    await Promise.race([app.start(), ended])
    await ended
  } catch (error) {
    if (!isErrorCode(error, 'NODE_ALREADY_RUNNING')) throw error
    out(options.json ? JSON.stringify({ type: 'running', error: error.report() }) : `${error.message}. ${error.action}`)
  } finally {
    await removeRunning(data.root)
    await app.dispose()
    statuses.flush()
    await ui.close()
    await log.close()
  }
}

/** Resolves when another copy of this node turns out to be up. */
function untilRefused(app: App): Promise<void> {
  return new Promise((resolve) => {
    const stop = app.onStatus(({ steps }) => {
      if (!steps.some(({ blocker }) => blocker?.code === 'IDENTITY_IN_USE')) return
      stop()
      process.exitCode = EXIT_IDENTITY_IN_USE
      resolve()
    })
  })
}

/** Throws INVITE_INVALID or INVITE_EXPIRED; an invite holds for one time, so a later start needs another one. */
function withInvite(options: ServeOptions, now: number): ServeOptions {
  if (options.invite === undefined) return options
  const { coordinatorUrl, invite } = parseInviteLink(options.invite, now)
  return { ...options, coordinator: coordinatorUrl, invite }
}

/** Throws what is wrong with an address, and MORE_THAN_THERE_IS. */
function overridesOf(options: ServeOptions): AppOverrides {
  const {
    coordinator,
    insecureHttp = false,
    invite,
    profile,
    bootstrap,
    ownNode,
    modelFile,
    name,
    port,
    api,
    apiPort,
    threads,
    contextTokens,
    sessions,
  } = options
  if (threads !== undefined) checkThreads(threads)
  checkPeers([...(bootstrap ?? []), ...(ownNode ?? [])])
  return {
    ...(coordinator !== undefined && {
      network: {
        kind: 'coordinator',
        url: normaliseCoordinatorUrl(coordinator, { allowInsecure: insecureHttp }),
        ...(insecureHttp && { insecure: true }),
      },
    }),
    ...(invite !== undefined && { invite }),
    ...(profile && { profile }),
    ...(bootstrap && { bootstraps: bootstrap }),
    ...(ownNode && { ownNodes: ownNode }),
    ...(modelFile !== undefined && { modelPath: modelFile }),
    ...(name !== undefined && { publicName: name }),
    ...(port !== undefined && { listenPort: port }),
    ...(api !== undefined && { apiAccess: api }),
    ...(apiPort !== undefined && { apiPort }),
    ...(threads !== undefined && { threads }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(sessions !== undefined && { maxSequences: sessions }),
  }
}
