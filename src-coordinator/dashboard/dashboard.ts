import type { FastifyInstance } from 'fastify'
import { appPaths } from '../../src-main/app-paths'
import type { EventLog } from '../../src-main/storage/event-log'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { RouteContext } from '../routes/route-context'
import { readFeedDocuments } from './feed-documents'
import { feedRoute } from './feed-route'
import { pageRoutes } from './page-routes'

/** The page at /dashboard, the feed that it reads, and the description of every endpoint (`addOpenApi`). */
export async function addDashboard(
  app: FastifyInstance,
  options: {
    context: RouteContext
    clock: Clock
    log?: Pick<EventLog, 'write'> | undefined
    pageDirectory?: string | undefined
  },
): Promise<void> {
  const { context, clock, log, pageDirectory = appPaths().dashboard } = options
  await app.register(feedRoute, {
    read: () => readFeedDocuments(context),
    subscribe: (listener) => context.events.subscribe(listener),
    requireAdmin: context.requireAdmin,
    clock,
    onError: (error) => log?.write('error', 'INTERNAL', messageOf(error)),
  })
  await app.register(pageRoutes, { pageDirectory })
  app.get('/openapi.json', async () => app.swagger())
}
