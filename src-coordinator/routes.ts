import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  DecisionBodySchema,
  MAX_LAYERS,
  WorkerHeartbeatSchema,
  WorkerIdSchema,
  WorkerRegistrationSchema,
} from '../src-main/coordinator/coordinator-wire'
import { EspalierError } from '../src-shared/errors'
import type { Approval } from './approval'
import type { CoordinatorDatabase } from './database'
import { manifestPath } from './hosted-model'
import { validated } from './http-guards'
import { networkHealth, networkInfo, networkStats } from './network-documents'
import type { Roster } from './roster'
import { listEntries, listPeers, type RosterEntry, totalTokens } from './roster-entries'
import { type DocumentContext, workerAnswer, workerDocument } from './worker-documents'

export interface RouteContext extends DocumentContext {
  db: CoordinatorDatabase
  roster: Roster
  approval: Approval
  /** Throws when the request may not use the host's powers. */
  requireAdmin: (request: FastifyRequest) => void
}

const WorkerParamsSchema = z.object({ id: WorkerIdSchema })
const TargetQuerySchema = z.object({ count: z.coerce.number().pipe(z.int().min(1).max(MAX_LAYERS)) })
const ModelParamsSchema = z.object({ name: z.string().min(1).max(200) })

export async function readNetworkInfo(context: RouteContext) {
  const entries = await listEntries(context.db)
  return networkInfo(context, entries, await listPeers(context.db), await context.approval.targetWorkers())
}

export function addNetworkRoutes(app: FastifyInstance, context: RouteContext): void {
  const { approval, db, isDemo } = context
  app.get('/', async () => ({ status: 'ok', message: 'Espalier coordinator', x_demo: isDemo }))
  app.get('/network/info', async () => readNetworkInfo(context))
  app.get('/network/health', async () => networkHealth(context, await listEntries(db)))
  app.get('/network/stats', async () => networkStats(context, await listEntries(db), await totalTokens(db)))
  app.get('/network/target-workers', async () => ({ target_workers: await approval.targetWorkers() }))
  app.put('/network/target-workers', async (request) => {
    context.requireAdmin(request)
    const { count } = validated(TargetQuerySchema, request.query)
    await approval.setTargetWorkers(count)
    return { target_workers: count }
  })
}

export function addWorkerRoutes(app: FastifyInstance, context: RouteContext): void {
  const { approval, db, roster } = context
  const answer = async (field: 'status' | 'worker_status', entry: RosterEntry) =>
    workerAnswer(context, field, entry, await listPeers(db))

  app.get('/workers', async (request) => {
    const workers = (await listEntries(db)).map(workerDocument)
    if (isHost(context, request)) return { workers }
    // Until requests are signed, whoever knows a worker's id can report and sign off in its name: only the host sees it.
    return { workers: workers.map((worker) => ({ ...worker, worker_id: `${worker.worker_id.slice(0, 8)}…` })) }
  })
  app.post('/workers/register', async (request) =>
    answer('status', await roster.register(validated(WorkerRegistrationSchema, request.body))),
  )
  app.post('/workers/heartbeat', async (request) =>
    answer('worker_status', await roster.heartbeat(validated(WorkerHeartbeatSchema, request.body))),
  )
  app.post('/workers/:id/approve', async (request) => {
    context.requireAdmin(request)
    const { id } = validated(WorkerParamsSchema, request.params)
    const reason = validated(DecisionBodySchema, request.body)?.reason
    return workerDocument(await approval.approve(id, reason, 'the host'))
  })
  app.post('/workers/:id/reject', async (request) => {
    context.requireAdmin(request)
    const { id } = validated(WorkerParamsSchema, request.params)
    const reason = validated(DecisionBodySchema, request.body)?.reason
    return workerDocument(await approval.reject(id, reason, 'the host'))
  })
  app.delete('/workers/:id', async (request) => {
    const { id } = validated(WorkerParamsSchema, request.params)
    await roster.remove(id)
    return { worker_id: id, status: 'removed' }
  })
}

export function addModelRoutes(app: FastifyInstance, { models, manifestHashes }: RouteContext): void {
  const documents = models.map((model) => ({
    name: model.name,
    total_layers: model.blockCount,
    period: model.period,
    quantization: model.quantization,
    manifest_url: manifestPath(model.name),
    manifest_sha256: manifestHashes.get(model.name),
  }))
  app.get('/models', async () => ({ models: documents }))
  app.get('/models/:name/manifest', async (request, reply) => {
    const { name } = validated(ModelParamsSchema, request.params)
    const model = models.find((candidate) => candidate.name === name)
    if (!model) {
      reply.code(404)
      return { error: new EspalierError('MANIFEST_MISSING', name).report() }
    }
    return reply.type('application/json').send(model.manifestJson)
  })
}

function isHost(context: RouteContext, request: FastifyRequest): boolean {
  try {
    context.requireAdmin(request)
    return true
  } catch {
    return false
  }
}
