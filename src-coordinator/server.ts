import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fastify from 'fastify'
import { isLoopbackHost } from '../src-main/coordinator/coordinator-url'
import type { EventLog } from '../src-main/storage/event-log'
import type { Clock } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import { loadAdminToken } from './admin-token'
import { createApproval } from './approval'
import { createCoordinatorEvents } from './coordinator-events'
import { openCoordinatorDatabase } from './database/open-database'
import { type HostedModel, manifestSha256 } from './hosted-model'
import { createAdminCheck, limitRate, replyWithErrors, requireLoopbackHost } from './http-guards'
import type { networkInfo } from './network-documents'
import { Roster } from './roster'
import { listEntries } from './roster-entries'
import { modelRoutes } from './routes/models'
import { networkRoutes, readNetworkInfo } from './routes/network'
import type { RouteContext } from './routes/route-context'
import { workerRoutes } from './routes/workers'
import { type CoordinatorTimings, DEFAULT_TIMINGS } from './timings'
import { workerDocument } from './worker-documents'

export interface CoordinatorServerOptions {
  /** Holds the database and the admin token; made when it is not there. */
  directory: string
  host: string
  /** 0 takes a free one. */
  port: number
  clock: Clock
  /** Workers get blocks of the first one. */
  models: readonly HostedModel[]
  /** Multiaddrs of the bootstrap peers, asked for at every reply. */
  bootstrapPeers: () => readonly string[]
  /** A demo takes demo workers only and does not leave 127.0.0.1. */
  demo: boolean
  timings?: Partial<CoordinatorTimings>
  /** Into how many ranges a model is split until the host says otherwise. */
  targetWorkers?: number
  /** Without one, a token is made once and kept in `directory`. */
  adminToken?: string
  log?: Pick<EventLog, 'write'>
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
  readonly adminToken: string
  snapshot(): Promise<CoordinatorSnapshot>
  /** Ends requests, sweep and database. Calling it twice is harmless. */
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024
// A thousand workers behind one address need 34 requests a second.
const RATE_LIMITS = { perSecond: 200, burst: 400 }

/**
 * Starts a coordinator. Throws DEMO_CONFINED (a demo off 127.0.0.1), COORDINATOR_STATE_DAMAGED or PORT_TAKEN.
 */
export async function createCoordinatorServer(options: CoordinatorServerOptions): Promise<CoordinatorServer> {
  const { clock, log, models } = options
  if (options.demo && options.host !== '127.0.0.1') {
    throw new EspalierError('DEMO_CONFINED', `it cannot listen on ${options.host}`)
  }
  const timings = { ...DEFAULT_TIMINGS, ...options.timings }
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const adminToken = options.adminToken ?? (await loadAdminToken(options.directory))
  const database = await openCoordinatorDatabase(options.databaseUrl ?? join(options.directory, 'coordinator.sqlite'))
  const db = database.queries
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    // A model's name may be "owner/name", percent-encoded.
    routerOptions: { maxParamLength: 600 },
    connectionTimeout: 15_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 5_000,
    forceCloseConnections: true,
  })
  try {
    // Browsers send text/plain to other origins without asking first; nobody of ours does.
    app.removeContentTypeParser('text/plain')
    replyWithErrors(app, (error) => log?.write('error', 'INTERNAL', messageOf(error)))
    limitRate(app, clock, RATE_LIMITS)
    if (isLoopbackHost(options.host)) requireLoopbackHost(app)

    const events = createCoordinatorEvents((error) => log?.write('error', 'INTERNAL', messageOf(error)))
    const roster = new Roster({ db, clock, models, isDemo: options.demo, timings })
    await roster.dropObsoleteAssignments()
    const context: RouteContext = {
      database,
      events,
      roster,
      approval: createApproval({ db, clock, models, defaultTargetWorkers: options.targetWorkers ?? 3 }),
      models,
      manifestHashes: new Map(models.map((model) => [model.name, manifestSha256(model)])),
      timings,
      isDemo: options.demo,
      bootstrapPeers: options.bootstrapPeers,
      requireAdmin: createAdminCheck(adminToken),
    }
    for (const routes of [networkRoutes, workerRoutes, modelRoutes]) await app.register(routes, { context })
    await app.listen({ host: options.host, port: options.port })

    const { port } = app.server.address() as AddressInfo
    let sweeping: Promise<void> = Promise.resolve()
    const stopSweeping = clock.every(timings.sweepIntervalMs, () => {
      sweeping = sweeping.then(async () => {
        const silent = await roster.sweep()
        if (silent.length > 0) log?.write('info', 'WORKERS_OFFLINE', `${silent.length} offline`, { workers: silent })
      })
      sweeping = sweeping.catch((error) => log?.write('error', 'INTERNAL', messageOf(error)))
    })
    let closing: Promise<void> | undefined
    return {
      url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
      port,
      adminToken,
      async snapshot() {
        return { info: await readNetworkInfo(context), workers: (await listEntries(db)).map(workerDocument) }
      },
      close() {
        closing ??= (async () => {
          stopSweeping()
          await app.close()
          await sweeping
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
