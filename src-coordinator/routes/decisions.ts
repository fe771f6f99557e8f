import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { WorkerIdSchema } from '../../src-main/coordinator/coordinator-wire'
import { listDecisions } from '../decisions'
import { validated } from '../security/http-guards'
import { isHost, maskedId, type RouteOptions } from './route-context'

export const DecisionsQuerySchema = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(50),
  /** The smallest `decision_id` that the reader has: the ones before it come. */
  before: z.coerce.number().pipe(z.int().min(1)).optional(),
  worker_id: WorkerIdSchema.optional(),
})

/** The event log: who decided what, when and why. Not in the document. */
export const decisionRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  app.get('/decisions', async (request) => {
    const { limit, before, worker_id: workerId } = validated(DecisionsQuerySchema, request.query)
    const rows = await listDecisions(context.database.queries, { limit, before, workerId })
    const shown = isHost(context, request) ? (id: string) => id : maskedId
    return {
      decisions: rows.map((row) => ({
        decision_id: row.decision_id,
        worker_id: shown(row.worker_id),
        decision: row.decision,
        reason: row.reason,
        by: row.decided_by,
        at_ms: row.decided_at,
      })),
    }
  })
}
