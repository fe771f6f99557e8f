import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { MAX_LAYERS } from '../../src-main/coordinator/coordinator-wire'
import { networkHealth, networkInfo, networkStats } from '../network-documents'
import { listEntries } from '../roster-entries'
import { validated } from '../security/http-guards'
import { totalServed } from '../served'
import type { RouteContext, RouteOptions } from './route-context'

const TargetQuerySchema = z.object({ count: z.coerce.number().pipe(z.int().min(1).max(MAX_LAYERS)) })
const QuantizationQuerySchema = z.object({ mode: z.string().min(1).max(100) })

export async function readNetworkInfo(context: RouteContext) {
  const entries = await listEntries(context.database.queries)
  return networkInfo(context, entries, await context.peers.read(), await context.settings.read())
}

/** What the network is and how it fares; and what its host may set. */
export const networkRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { database, isDemo, networkId, settings } = context
  const db = database.queries
  app.get('/', async () => ({ status: 'ok', message: 'Espalier coordinator', x_demo: isDemo, x_network_id: networkId }))
  app.get('/network/info', async () => readNetworkInfo(context))
  app.get('/network/health', async () => networkHealth(await listEntries(db), await settings.read()))
  app.get('/network/stats', async () =>
    networkStats(await listEntries(db), await totalServed(db), await settings.read()),
  )
  app.put('/network/quantization', async (request) => {
    context.requireAdmin(request)
    const { mode } = validated(QuantizationQuerySchema, request.query)
    const model = await settings.setQuantization(mode, 'the host')
    return { quantization: model.quantization, x_model_name: model.name, x_applies_to: 'new assignments' }
  })
  app.get('/network/target-workers', async () => ({ target_workers: (await settings.read()).targetWorkers }))
  app.put('/network/target-workers', async (request) => {
    context.requireAdmin(request)
    const { count } = validated(TargetQuerySchema, request.query)
    await settings.setTargetWorkers(count, 'the host')
    return { target_workers: count }
  })
}
