import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { ApiError, createCoordinatorApi } from '../../../src-dashboard/coordinator-api'
import { createDashboardStore, type DashboardStore } from '../../../src-dashboard/dashboard-store'
import type { Snapshot } from '../../../src-dashboard/feed'
import { invitePicture, makeInvite } from '../../../src-dashboard/membership'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { ERROR_CATALOGUE, ERROR_CODES } from '../../../src-shared/error-catalogue'
import { EspalierError, isErrorCode, messageOf, reportOf } from '../../../src-shared/errors'
import {
  HOST_MAX_WORKERS,
  type HostChoice,
  type HostInvite,
  type HostLoad,
  HostStartSchema,
  type HostStatus,
} from '../../../src-shared/host-network'
import type { AppPaths } from '../../app-paths'
import type { EngineProcess } from '../../engine/engine'
import { type ChildOptions, type OwnedChild, startChild } from '../../process/owned-child'
import { jsonFile } from '../../storage/atomic-file'
import type { EventLog } from '../../storage/event-log'
import { type CoordinatorProcess, startCoordinatorProcess } from './coordinator-process'
import { describeModel } from './describe-model'

export interface HostNetwork {
  status(): HostStatus
  onStatus(listener: (status: HostStatus) => void): Disposer
  /** Resolves when the coordinator answers. Throws HOST_RUNNING, HOST_FAILED, CANCELLED, and what a model file lacks. */
  start(choice: HostChoice): Promise<void>
  /** Starts what ran when the app was left; does nothing otherwise. Why it failed stands in the status. */
  resume(): Promise<void>
  /** Ends the coordinator, or gives up starting it. Everything that it decided stays on disk. */
  stop(): Promise<void>
  /** Throws HOST_NOT_RUNNING, and what the coordinator refuses. */
  decide(choice: { workerId: string; decision: 'approve' | 'reject'; reason: string }): Promise<void>
  /** Throws HOST_NOT_RUNNING, LOAD_NOT_SENT, and what else the coordinator refuses. */
  load(choice: HostLoad): Promise<void>
  invite(label: string): Promise<HostInvite>
  /** Ends the coordinator; the next `resume` starts it again. */
  dispose(): Promise<void>
}

export interface HostNetworkOptions {
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** Of the app; the hosted network lives in a folder in it. */
  dataRoot: string
  paths: AppPaths
  spawnEngine: () => EngineProcess
  startScript?: ((options: ChildOptions) => OwnedChild) | undefined
  fetch?: typeof fetch | undefined
  ports?: { http: number; dht: number } | undefined
}

/** Not the coordinator's usual 31337: a node on this computer has that one. */
const PORTS = { http: 8_000, dht: 31_347 }
/** What was hosted last. Workers know the address, so the port stays where it can. */
const HostingSchema = z.extend(HostStartSchema, { httpPort: z.int(), isWanted: z.boolean() })
const INVITE_LIFETIME_MS = 24 * 3_600_000

/**
 * The network that this app hosts. The host's power is a token that is made anew at every start, given to our own
 * coordinator process and used against its loopback address alone: an app that hosts nothing has no such power.
 */
export function createHostNetwork(options: HostNetworkOptions): HostNetwork {
  const { clock, log, paths, fetch = globalThis.fetch, startScript = startChild } = options
  const { ports = PORTS } = options
  const folder = join(options.dataRoot, 'host')
  const memory = jsonFile(join(folder, 'hosting.json'), HostingSchema, { keepsCopy: true })
  const listeners = new Set<(status: HostStatus) => void>()
  let status: HostStatus = offStatus(clock.now())
  let starting: { signal: AbortController; done: Promise<void> } | null = null
  let running: { process: CoordinatorProcess; store: DashboardStore } | null = null
  let isDisposed = false

  function change(next: Partial<HostStatus>): void {
    const since = next.phase !== undefined && next.phase !== status.phase ? clock.now() : status.since
    status = { ...status, since, ...next }
    for (const listener of listeners) listener(status)
  }

  async function begin({ modelPath, reach }: HostChoice, signal: AbortSignal): Promise<void> {
    const manifestPath = await describeModel(modelPath, {
      directory: join(folder, 'manifests'),
      spawnEngine: options.spawnEngine,
      signal,
      onProgress: (progress) => change({ progress }),
    })
    change({ phase: 'starting', progress: null })
    const dataDirectory = join(folder, 'coordinator')
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
    const adminToken = randomBytes(32).toString('base64url')
    const process = await startCoordinatorProcess({
      ...{ dataDirectory, manifestPath, adminToken, reach, startScript, signal },
      script: paths.coordinator,
      ports: { ...ports, http: (await memory.load())?.httpPort ?? ports.http },
    })
    const store = createDashboardStore({
      baseUrl: process.ownUrl,
      fetch,
      clock,
      token: { get: () => adminToken, set: () => undefined },
      makeApi: (token) => createCoordinatorApi({ baseUrl: process.ownUrl, fetch, token }),
    })
    running = { process, store }
    const own = running
    store.state.subscribe(({ snapshot }) => {
      if (running === own && snapshot) change({ network: trimmed(snapshot), workerCount: snapshot.workers.length })
    })
    void process.exited.then(() => onExit(own))
    await memory
      .save({ modelPath, reach, httpPort: Number(new URL(process.ownUrl).port), isWanted: true })
      .catch((error: unknown) => log.write('warn', 'host.memory.failed', messageOf(error)))
    change({ phase: 'running', url: process.url, dashboardUrl: new URL('dashboard', process.ownUrl).href })
  }

  function onExit(own: typeof running): void {
    if (running !== own || own === null) return
    running = null
    own.store.dispose()
    const failure = new EspalierError('HOST_FAILED', 'the coordinator ended by itself').report()
    log.write('error', 'HOST_FAILED', failure.cause)
    change({ ...offStatus(clock.now()), modelPath: status.modelPath, reach: status.reach, failure })
  }

  function requireRunning(): DashboardStore {
    if (!running) throw new EspalierError('HOST_NOT_RUNNING')
    return running.store
  }

  async function start(choice: HostChoice, isResumed: boolean): Promise<void> {
    if (starting || running) throw new EspalierError('HOST_RUNNING')
    const signal = new AbortController()
    change({ ...offStatus(clock.now()), phase: 'preparing', ...choice, isResumed })
    const done = begin(choice, signal.signal)
    starting = { signal, done }
    try {
      await done
    } catch (error) {
      const isWanted = isErrorCode(error, 'CANCELLED')
      if (!isWanted) log.write('warn', 'HOST_FAILED', messageOf(error))
      change({ ...offStatus(clock.now()), ...choice, failure: isWanted ? null : reportOf(error) })
      throw error
    } finally {
      starting = null
    }
  }

  async function end(): Promise<void> {
    const before = starting
    before?.signal.abort()
    await before?.done.catch(() => undefined)
    const own = running
    if (!own) return
    running = null
    own.store.dispose()
    change({ phase: 'stopping' })
    await own.process.stop()
    change({ ...offStatus(clock.now()), modelPath: status.modelPath, reach: status.reach })
  }

  return {
    status: () => status,
    onStatus(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    start: (choice) => start(choice, false),
    async resume() {
      const known = await memory.load()
      if (!known?.isWanted || isDisposed) return
      const { modelPath, reach } = known
      // Its failure is told in the status and the log.
      await start({ modelPath, reach }, true).catch(() => undefined)
    },
    async stop() {
      await end()
      const known = await memory.load()
      if (known?.isWanted) await memory.save({ ...known, isWanted: false })
    },
    async decide({ workerId, decision, reason }) {
      await requireRunning().api[decision](workerId, reason).catch(rethrow)
    },
    async load({ workerId, action }) {
      const { api } = requireRunning()
      await (action === 'send' ? api.load(workerId) : api.cancelLoad(workerId)).catch(rethrow)
    },
    async invite(label) {
      const { api } = requireRunning()
      const made = await makeInvite(api, label, INVITE_LIFETIME_MS).catch(rethrow)
      if (made.link === null) throw new EspalierError('INTERNAL', 'the new invite has no link')
      const picture = await invitePicture(api, made.invite_id)
      return { label: made.label, link: made.link, picture, expiresAt: made.expires_at_ms }
    },
    async dispose() {
      isDisposed = true
      await end()
      listeners.clear()
    },
  }
}

function offStatus(now: number): HostStatus {
  return {
    phase: 'off',
    modelPath: null,
    reach: 'computer',
    progress: null,
    since: now,
    url: null,
    dashboardUrl: null,
    network: null,
    workerCount: 0,
    isResumed: false,
    failure: null,
  }
}

/** The coordinator's refusals have our own codes; the bridge passes on only those. */
function rethrow(error: unknown): never {
  const code = error instanceof ApiError ? ERROR_CODES.find((known) => known === error.failure.code) : undefined
  if (!(error instanceof ApiError) || code === undefined) throw error
  const title = `${ERROR_CATALOGUE[code].cause}: `
  const { cause } = error.failure
  throw new EspalierError(code, cause.startsWith(title) ? cause.slice(title.length) : undefined, { cause: error })
}

/** Those who wait come first: they are why the host looks. */
function trimmed(snapshot: Snapshot): Snapshot {
  const { workers } = snapshot
  if (workers.length <= HOST_MAX_WORKERS) return { ...snapshot, decisions: snapshot.decisions.slice(0, 20) }
  const waiting = workers.filter(({ status }) => status === 'pending')
  const others = workers.filter(({ status }) => status !== 'pending')
  return {
    ...snapshot,
    workers: [...waiting, ...others].slice(0, HOST_MAX_WORKERS),
    decisions: snapshot.decisions.slice(0, 20),
  }
}
