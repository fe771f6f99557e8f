import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { isLoopbackHost } from '../src-main/coordinator/coordinator-url'
import type { Clock } from '../src-shared/clock'
import type { ErrorCode } from '../src-shared/error-catalogue'
import { EspalierError, messageOf } from '../src-shared/errors'

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  BAD_ARGUMENT: 400,
  COORDINATOR_ADMIN_ONLY: 401,
  DEMO_CONFINED: 403,
  COORDINATOR_UNKNOWN_WORKER: 404,
  WORKER_ID_TAKEN: 409,
  COORDINATOR_BUSY: 429,
}

/** Every error leaves as `{ error: { code, cause, action } }`; what we did not expect, without its particulars. */
export function replyWithErrors(app: FastifyInstance, onUnexpected: (error: unknown) => void): void {
  const send = (reply: FastifyReply, status: number, error: EspalierError) =>
    reply.code(status).send({ error: error.report() })
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof EspalierError && STATUS_OF[error.code]) return send(reply, STATUS_OF[error.code] ?? 500, error)
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status < 500) return send(reply, status, new EspalierError('BAD_ARGUMENT', messageOf(error)))
    onUnexpected(error)
    return send(reply, 500, new EspalierError('INTERNAL'))
  })
  app.setNotFoundHandler((request, reply) =>
    send(reply, 404, new EspalierError('BAD_ARGUMENT', `there is no ${request.method} ${request.url.slice(0, 200)}`)),
  )
}

/** Checks a body, query or parameter. Throws BAD_ARGUMENT that names the fields. */
export function validated<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new EspalierError('BAD_ARGUMENT', issues.join('; '))
}

/**
 * A web page that makes its own name point here (DNS rebinding) would be this origin to the browser. Its
 * requests still carry the page's name, so a server on loopback takes only loopback's names.
 */
export function requireLoopbackHost(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (!isLoopbackHost(request.hostname.replace(/^::1$/, '[::1]'))) {
      throw new EspalierError('BAD_ARGUMENT', `this coordinator is not called “${request.hostname.slice(0, 100)}”`)
    }
  })
}

/** A token bucket for each remote address. Bounded: the longest-unseen address is forgotten first. */
export function limitRate(app: FastifyInstance, clock: Clock, limits: { perSecond: number; burst: number }): void {
  const maxAddresses = 10_000
  const buckets = new Map<string, { tokens: number; at: number }>()
  app.addHook('onRequest', async (request, reply) => {
    const now = clock.monotonicMs()
    const bucket = buckets.get(request.ip) ?? { tokens: limits.burst, at: now }
    const refilled = Math.min(limits.burst, bucket.tokens + ((now - bucket.at) / 1000) * limits.perSecond)
    buckets.delete(request.ip)
    buckets.set(request.ip, { tokens: Math.max(0, refilled - 1), at: now })
    if (buckets.size > maxAddresses) for (const oldest of buckets.keys()) if (buckets.delete(oldest)) break
    if (refilled < 1) {
      reply.header('retry-after', '1')
      throw new EspalierError('COORDINATOR_BUSY', `more than ${limits.perSecond} requests a second`)
    }
  })
}

/** Throws COORDINATOR_ADMIN_ONLY unless the request carries `Authorization: Bearer <adminToken>`. */
export function createAdminCheck(adminToken: string): (request: FastifyRequest) => void {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(`Bearer ${adminToken}`)
  return (request) => {
    // Digests have one length, which timingSafeEqual needs, whatever was sent.
    if (!timingSafeEqual(expected, digest(request.headers.authorization ?? ''))) {
      throw new EspalierError('COORDINATOR_ADMIN_ONLY')
    }
  }
}
