import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import {
  DecisionBodySchema,
  WorkerHeartbeatSchema,
  WorkerIdSchema,
  WorkerRegistrationSchema,
} from '../../src-main/coordinator/coordinator-wire'
import { EspalierError } from '../../src-shared/errors'
import { listEntries, readEntry, type StandingEntry } from '../roster-entries'
import { validated } from '../security/http-guards'
import { withProvenPeer } from '../security/signed-requests'
import { workerAnswer, workerDocument } from '../worker-documents'
import { isHost, maskedId, type RouteOptions } from './route-context'

const WorkerParamsSchema = z.object({ id: WorkerIdSchema })

/** The life of a worker: register, heartbeat, the host's decision, leave. */
export const workerRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { approval, heartbeats, membership, peers, registration, settings } = context
  const db = context.database.queries
  const answer = async (field: 'status' | 'worker_status', entry: StandingEntry, signer: string | null) => ({
    ...workerAnswer(context, field, entry, { peers: await peers.read(), model: (await settings.read()).model }),
    ...(await membership.grantFields(entry, signer)),
  })

  const loadOf = (workerId: string) => {
    const load = context.loads?.view(workerId)
    return load ? { x_load: load } : {}
  }
  const loads = () => {
    if (!context.loads) throw new EspalierError('LOAD_NOT_SENT', 'this coordinator has no peer of its own that could')
    return context.loads
  }

  app.get('/workers', async (request) => {
    const workers = (await listEntries(db)).map(workerDocument)
    if (isHost(context, request)) return { workers: workers.map((row) => ({ ...row, ...loadOf(row.worker_id) })) }
    return { workers: workers.map((worker) => ({ ...worker, worker_id: maskedId(worker.worker_id) })) }
  })
  app.post('/workers/register', async (request) => {
    const body = withProvenPeer(validated(WorkerRegistrationSchema, request.body), request.signer)
    const { worker_id: workerId, x_invite: invite } = body
    const { signer } = request
    const entry = await membership.admit({ workerId, signer, invite }, () => registration.register(body))
    return answer('status', entry, signer)
  })
  app.post('/workers/heartbeat', async (request) => {
    const entry = await heartbeats.beat(validated(WorkerHeartbeatSchema, request.body))
    return answer('worker_status', entry, request.signer)
  })
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
  app.post('/workers/:id/load', async (request) => {
    context.requireAdmin(request)
    const { id } = validated(WorkerParamsSchema, request.params)
    const entry = await readEntry(db, id)
    await loads().tell(id)
    return { ...workerDocument(entry), ...loadOf(id) }
  })
  app.delete('/workers/:id/load', async (request) => {
    context.requireAdmin(request)
    const { id } = validated(WorkerParamsSchema, request.params)
    await loads().cancel(id)
    return { ...workerDocument(await readEntry(db, id)), ...loadOf(id) }
  })
  app.delete('/workers/:id', async (request) => {
    const { id } = validated(WorkerParamsSchema, request.params)
    const reason = validated(DecisionBodySchema, request.body)?.reason ?? ''
    // A worker that signs speaks for itself, whatever else it sends.
    const byHost = request.signer === null && isHost(context, request)
    await registration.remove(
      id,
      byHost ? { decision: 'removed', by: 'the host', reason } : { decision: 'left', by: 'worker', reason: '' },
    )
    await membership.dismiss(id, byHost ? 'the host' : 'itself')
    return { worker_id: id, status: 'removed' }
  })
}
