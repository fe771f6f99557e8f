import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { MAX_LAYERS } from '../../src-main/coordinator/coordinator-wire'
import { validated } from '../http-guards'
import { networkHealth, networkInfo, networkStats } from '../network-documents'
import { listEntries, listPeers, totalTokens } from '../roster-entries'
import type { RouteContext, RouteOptions } from './route-context'

const TargetQuerySchema = z.object({ count: z.coerce.number().pipe(z.int().min(1).max(MAX_LAYERS)) })

export async function readNetworkInfo(context: RouteContext) {
  const { queries } = context.database
  const entries = await listEntries(queries)
  return networkInfo(context, entries, await listPeers(queries), await context.approval.targetWorkers())
}

/** What the network is and how it fares; and what its host may set. */
export const networkRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { approval, database, isDemo } = context
  const db = database.queries
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
