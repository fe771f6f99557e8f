import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { WorkerIdSchema } from '../../src-main/coordinator/coordinator-wire'
import { plainText } from '../../src-main/coordinator/plain-text'
import { validated } from '../security/http-guards'
import { logUsage, recentUsage } from '../usage-log'
import { readUser, registerUser, requireUser } from '../users'
import { isHost, maskedId, type RouteOptions } from './route-context'

// The document names these endpoints and UsageLog's fields; the other fields are ours.

const UserIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/)
/** Of one request: more than the longest context of any model. */
const count = z.int().min(0).max(10_000_000)

export const UserRegistrationSchema = z.object({
  /** Chosen here when there is none. */
  user_id: UserIdSchema.optional(),
  nickname: z
    .string()
    .max(200)
    .transform((text) => plainText(text, 64))
    .optional(),
})

export const UsageLogSchema = z.object({
  user_id: UserIdSchema,
  prompt_tokens: count,
  completion_tokens: count,
  worker_ids: z.array(WorkerIdSchema).max(1_000),
  /** Of a client that may send the same report twice. */
  x_request_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional(),
})

export const RecentQuerySchema = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(15),
})

/** Of one address, in a minute: a household's, not a script's that fills the table. */
const FEW_USERS = { max: 30, timeWindow: 60_000 }

/** Users of the network, and what their clients report. */
export const usageRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { clock, database, events } = context
  app.post('/users/register', { config: { rateLimit: FEW_USERS } }, async (request) => {
    const { user_id: userId, nickname = '' } = validated(UserRegistrationSchema, request.body)
    return registerUser(database, { userId, nickname, now: clock.now(), mayRename: isHost(context, request) })
  })
  app.get('/users/:id', async (request) => {
    const { id } = validated(z.object({ id: UserIdSchema }), request.params)
    return readUser(database, id)
  })
  app.post('/usage/log', async (request) => {
    const body = validated(UsageLogSchema, request.body)
    const report = {
      userId: body.user_id,
      promptTokens: body.prompt_tokens,
      completionTokens: body.completion_tokens,
      workerIds: body.worker_ids,
      requestId: body.x_request_id,
    }
    await requireUser(database, report.userId)
    const isNew = await logUsage(database, report, clock.now())
    if (isNew) events.emit({ type: 'usage', tokens: body.prompt_tokens + body.completion_tokens })
    return { status: 'ok', x_counted: isNew }
  })
  app.get('/usage/recent', async (request) => {
    const { limit } = validated(RecentQuerySchema, request.query)
    const rows = await recentUsage(database, limit)
    const shown = isHost(context, request) ? (id: string) => id : maskedId
    return {
      usage: rows.map((row) => ({
        user_id: shown(row.user_id),
        prompt_tokens: row.prompt_tokens,
        completion_tokens: row.completion_tokens,
        worker_ids: z.array(z.string()).parse(JSON.parse(row.worker_ids)).map(shown),
        x_logged_at_ms: row.logged_at,
      })),
    }
  })
}
