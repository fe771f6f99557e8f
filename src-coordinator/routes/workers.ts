import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import {
  DecisionBodySchema,
  WorkerHeartbeatSchema,
  WorkerIdSchema,
  WorkerRegistrationSchema,
} from '../../src-main/coordinator/coordinator-wire'
import { validated } from '../http-guards'
import { listEntries, listPeers, type RosterEntry } from '../roster-entries'
import { workerAnswer, workerDocument } from '../worker-documents'
import { isHost, type RouteOptions } from './route-context'

const WorkerParamsSchema = z.object({ id: WorkerIdSchema })

/** The life of a worker: register, heartbeat, the host's decision, leave. */
export const workerRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { approval, database, roster } = context
  const db = database.queries
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
