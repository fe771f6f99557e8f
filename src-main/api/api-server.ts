import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import { type AnswerEvents, type ApiNode, answerOf } from './answer'
import { createApiGuard } from './api-guards'
import { type ApiError, apiErrorOf, RequestError } from './openai-errors'
import { chatReply, completionReply, type Head, type ReplyForm } from './openai-replies'
import { type Ask, readChat, readCompletion } from './openai-requests'
import { streamAnswer } from './stream-answer'

export interface ApiServerOptions {
  clock: Clock
  log: EventLog
  /** Null while none runs. */
  node: () => ApiNode | null
  key: string
  /** Loopback unless the operator says otherwise. */
  host?: string
  /** 0 picks a free one. */
  port: number
  /** Names and addresses, without port, under which programs may reach us beside loopback's. */
  hostNames?: readonly string[]
}

export interface ApiServer {
  readonly port: number
  /** What a client is given as its base URL. */
  readonly url: string
  /** Ends what is being answered too. */
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const MAX_BODY_BYTES = 8 * 1024 * 1024
/** Answers at once; each takes a session on every node of its route. */
const MAX_ANSWERS = 4
const SECOND_MS = 1000

/** An API that OpenAI's clients understand: models, chat and plain completions. Throws PORT_TAKEN. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, log, node, host = LOOPBACK } = options
  const running = new Set<AbortController>()
  const server = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true })
  let check = (_: FastifyRequest['raw']): void => {
    throw new EspalierError('NODE_STOPPED')
  }

  server.addHook('onRequest', async (request) => check(request.raw))
  server.setErrorHandler((error, _, reply) => {
    const { status, body } = failureOf(error)
    if (status >= 500) log.write('warn', 'api.failed', messageOf(error))
    return reply.status(status).send(body)
  })
  server.setNotFoundHandler((request, reply) => {
    const { status, body } = apiErrorOf(new EspalierError('API_PATH_UNKNOWN', request.url.slice(0, 200)))
    return reply.status(status).send(body)
  })

  const nowSeconds = () => Math.floor(clock.now() / SECOND_MS)
  const models = () => {
    const model = node()?.model()
    return model ? [{ id: model.name, object: 'model', created: nowSeconds(), owned_by: 'espalier' }] : []
  }
  server.get('/v1/models', async () => ({ object: 'list', data: models() }))
  server.get<{ Params: { '*': string } }>('/v1/models/*', async ({ params }) => {
    const model = models().find(({ id }) => id === params['*'])
    if (!model) throw new EspalierError('API_MODEL_UNKNOWN', params['*'].slice(0, 200))
    return model
  })
  server.post('/v1/chat/completions', (request, reply) => respond(reply, readChat(request.body), chatReply))
  server.post('/v1/completions', (request, reply) => respond(reply, readCompletion(request.body), completionReply))

  async function respond(reply: FastifyReply, ask: Ask, form: (head: Head) => ReplyForm): Promise<unknown> {
    if (running.size >= MAX_ANSWERS) throw new EspalierError('SESSION_LIMIT', `${MAX_ANSWERS} answers at once`)
    const controller = new AbortController()
    running.add(controller)
    const onClose = () => controller.abort()
    // A client that goes away wants no more words; every node of the route gets its place back.
    reply.raw.once('close', onClose)
    try {
      const { model, streamsUsage } = ask
      const head = form({ model, created: nowSeconds(), streamsUsage })
      const answer = (events: AnswerEvents) => answerOf(node(), ask, { signal: controller.signal, ...events })
      if (!ask.streams) return head.whole(await answer({ onText: () => undefined }))
      await streamAnswer({ reply, form: head, withUsage: streamsUsage, answer })
      return reply
    } finally {
      running.delete(controller)
    }
  }

  try {
    await server.listen({ host, port: options.port })
  } catch (error) {
    await server.close()
    throw new EspalierError('PORT_TAKEN', `${host}:${options.port}`, { cause: error })
  }
  const { port } = server.server.address() as AddressInfo
  const hostNames = [LOOPBACK, 'localhost', '::1', host, ...(options.hostNames ?? [])]
  check = createApiGuard({ clock, key: options.key, port, hostNames })
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`,
    async close() {
      for (const controller of running) controller.abort()
      await server.close()
    },
  }
}

function failureOf(error: unknown): ApiError {
  if (error instanceof RequestError) return apiErrorOf(error, error.param)
  if (error instanceof EspalierError) return apiErrorOf(error)
  // The server's own: no JSON, too large, another content type.
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status < 400 || status >= 500) return apiErrorOf(error)
  return { ...apiErrorOf(new EspalierError('BAD_ARGUMENT', messageOf(error))), status }
}
