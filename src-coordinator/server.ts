import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import type { EventLog } from '../src-main/storage/event-log'
import { makeFolders } from '../src-main/storage/make-folders'
import type { Clock } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import { createApproval } from './approval'
import { createCoordinatorEvents } from './coordinator-events'
import { addDashboard } from './dashboard/dashboard'
import { addOpenApi } from './dashboard/openapi'
import { openCoordinatorDatabase } from './database/open-database'
import { createHeartbeats } from './heartbeats'
import { type HostedModel, manifestSha256 } from './hosted-model'
import { createLiveness } from './liveness'
import { createLoadCommands } from './load-commands'
import type { LoadSender } from './load-telling'
import type { networkInfo } from './network-documents'
import { createNetworkSettings } from './network-settings'
import { createPeerList } from './peer-list'
import { createRegistration } from './registration'
import { listEntries } from './roster-entries'
import { decisionRoutes } from './routes/decisions'
import { modelRoutes } from './routes/models'
import { networkRoutes, readNetworkInfo } from './routes/network'
import type { RouteContext } from './routes/route-context'
import { usageRoutes } from './routes/usage'
import { workerRoutes } from './routes/workers'
import { refuseBadAddress, replyWithErrors } from './security/http-guards'
import { openSecurity, openTransport, type SecurityOptions } from './security/security'
import { serverFactory, type TlsMaterial } from './security/transport'
import { createSharedBootstraps } from './shared-bootstraps'
import { createSweep, type SweepReport } from './sweep'
import { type CoordinatorTimings, checkedTimings } from './timings'
import { workerDocument } from './worker-documents'

export interface CoordinatorServerOptions {
  /** Holds the database and the admin token; made when it is not there. */
  directory: string
  host: string
  /** 0 takes a free one. */
  port: number
  clock: Clock
  /** Workers get blocks of the first one, or of the first in the quantization that the host chooses. */
  models: readonly HostedModel[]
  /** Multiaddrs of the bootstrap peers, asked for at every reply. */
  bootstrapPeers: () => readonly string[]
  /** Bootstrap peers of other coordinators on the same database: ours should know them. */
  onOtherBootstraps?: (addresses: readonly string[]) => void
  /** A demo takes demo workers only and does not leave 127.0.0.1. */
  demo: boolean
  timings?: Partial<CoordinatorTimings>
  /** Tells a peer to load its blocks; without it workers hear of them by their heartbeats. */
  loadSender?: LoadSender
  /** Into how many ranges a model is split until the host says otherwise. */
  targetWorkers?: number
  /** Once every block has this many servers, further workers are held in reserve. */
  maxReplicas?: number
  /** Who may speak, how, and how often. */
  security?: SecurityOptions
  /** Without one, a token is made at the first start, and only its hash is kept. */
  adminToken?: string
  log?: Pick<EventLog, 'write'>
  /** The built dashboard, where it does not lie with the app. */
  dashboardDirectory?: string
  /** `postgres://…` for a database that several coordinators share; SQLite in `directory` without. */
  databaseUrl?: string
}

export interface CoordinatorSnapshot {
  info: ReturnType<typeof networkInfo>
  workers: ReturnType<typeof workerDocument>[]
}

export interface CoordinatorServer {
  readonly url: string
  readonly port: number
  /** Null when it was made at an earlier start: nobody but the host has it. */
  readonly adminToken: string | null
  snapshot(): Promise<CoordinatorSnapshot>
  /** A request without a socket: for tests that send very many. */
  inject: FastifyInstance['inject']
  /** The recurring work, now. */
  sweep(): Promise<SweepReport>
  /** Ends requests, sweep and database. Calling it twice is harmless. */
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024
const DEFAULT_MAX_REPLICAS = 16

/** What can be wrong with the options themselves, before anything is opened. Throws what `createCoordinatorServer` throws. */
export async function checkServerOptions(
  options: Pick<CoordinatorServerOptions, 'demo' | 'host' | 'security' | 'timings'>,
): Promise<{ timings: CoordinatorTimings; tls: TlsMaterial | null }> {
  if (options.demo && options.host !== '127.0.0.1') {
    throw new EspalierError('DEMO_CONFINED', `it cannot listen on ${options.host}`)
  }
  return { timings: checkedTimings(options.timings), tls: await openTransport(options.host, options.security ?? {}) }
}

/**
 * Starts a coordinator. Throws DEMO_CONFINED (a demo off 127.0.0.1), COORDINATOR_INSECURE, TLS_UNUSABLE,
 * COORDINATOR_STATE_DAMAGED or PORT_TAKEN.
 */
export async function createCoordinatorServer(options: CoordinatorServerOptions): Promise<CoordinatorServer> {
  const { clock, log, models } = options
  const { timings, tls } = await checkServerOptions(options)
  await makeFolders(options.directory, 0o700)
  const scheme = tls ? 'https' : 'http'
  const database = await openCoordinatorDatabase(options.databaseUrl ?? join(options.directory, 'coordinator.sqlite'), {
    onTrouble: (what) => log?.write('error', 'COORDINATOR_STATE_TROUBLE', what),
  })
  const db = database.queries
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    // A model's name may be "owner/name", percent-encoded.
    routerOptions: { maxParamLength: 600 },
    serverFactory: serverFactory(tls),
    frameworkErrors: refuseBadAddress,
    forceCloseConnections: true,
  })
  try {
    // Browsers send text/plain to other origins without asking first; nobody of ours does.
    app.removeContentTypeParser('text/plain')
    replyWithErrors(app, (error) => log?.write('error', 'INTERNAL', messageOf(error)))

    const events = createCoordinatorEvents((error) => log?.write('error', 'INTERNAL', messageOf(error)))
    const liveness = createLiveness(clock)
    const common = { database, events, clock, liveness, models }
    const settings = createNetworkSettings({ ...common, defaultTargetWorkers: options.targetWorkers ?? 3 })
    const maxReplicas = options.maxReplicas ?? DEFAULT_MAX_REPLICAS
    const heartbeats = createHeartbeats(common)
    const peers = createPeerList({ ...common, loopbackOnly: options.demo })
    const sweep = createSweep({ ...common, settings, timings, maxReplicas })
    const loads = options.loadSender ? createLoadCommands({ ...common, sender: options.loadSender, log }) : null
    const approval = createApproval({ ...common, settings, maxReplicas })
    const security = await openSecurity({
      ...{ db, clock, scheme, directory: options.directory, host: options.host },
      adminToken: options.adminToken,
      modelNames: models.map(({ name }) => name),
      approval,
      options: options.security ?? {},
    })
    const bootstraps = createSharedBootstraps({
      ...{ db, clock, own: options.bootstrapPeers },
      staleAfterMs: timings.sweepIntervalMs * 3,
      onOthers: options.onOtherBootstraps ?? (() => undefined),
    })
    await bootstraps.refresh()
    await addOpenApi(app)
    await security.protect(app)
    const context: RouteContext = {
      clock,
      database,
      events,
      settings,
      heartbeats,
      peers,
      loads,
      registration: createRegistration({ ...common, isDemo: options.demo }),
      approval: security.guardApproval(approval),
      membership: security.membership,
      networkId: security.networkId,
      models,
      manifestHashes: new Map(models.map((model) => [model.name, manifestSha256(model)])),
      timings,
      isDemo: options.demo,
      bootstrapPeers: bootstraps.addresses,
      requireAdmin: security.admin.requireAdmin,
    }
    for (const routes of [networkRoutes, workerRoutes, modelRoutes, usageRoutes, decisionRoutes])
      await app.register(routes, { context })
    await addDashboard(app, { context, clock, log, pageDirectory: options.dashboardDirectory })
    await app.listen({ host: options.host, port: options.port })

    const { port } = app.server.address() as AddressInfo
    let sweeping: Promise<unknown> = Promise.resolve()
    const sweepNow = () => {
      const swept = sweeping.then(async () => {
        await security.sweep()
        await bootstraps.refresh()
        return sweep.run()
      })
      sweeping = swept.catch((error) => log?.write('error', 'INTERNAL', messageOf(error)))
      return swept
    }
    const stopSweeping = clock.every(timings.sweepIntervalMs, () => {
      // A quarter of the offline time: two beats fit into it, so that what is shorter makes nobody late.
      liveness.pulse(timings.sweepIntervalMs, timings.offlineAfterMs / 4)
      void sweepNow().then(
        ({ silent }) => {
          if (silent.length > 0) log?.write('info', 'WORKERS_OFFLINE', `${silent.length} offline`, { workers: silent })
        },
        () => undefined,
      )
    })
    let closing: Promise<void> | undefined
    return {
      url: `${scheme}://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
      port,
      adminToken: security.admin.token,
      sweep: sweepNow,
      inject: app.inject.bind(app),
      async snapshot() {
        return { info: await readNetworkInfo(context), workers: (await listEntries(db)).map(workerDocument) }
      },
      close() {
        closing ??= (async () => {
          stopSweeping()
          loads?.stop()
          await app.close()
          await sweeping
          await heartbeats.settled()
          await loads?.settled()
          peers.close()
          await sweep.release().catch(() => undefined)
          await bootstraps.leave().catch(() => undefined)
          await database.close()
        })()
        return closing
      },
    }
  } catch (error) {
    await app.close()
    await database.close()
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new EspalierError('PORT_TAKEN', `${options.host}:${options.port}`, { cause: error })
    }
    throw error
  }
}
