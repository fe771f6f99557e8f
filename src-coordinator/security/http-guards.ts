import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import type { z } from 'zod'
import { isLoopbackHost } from '../../src-main/coordinator/coordinator-url'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { RetryLater } from './retry-later'

/** The HTTP status of each error that leaves on purpose. */
export const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  BAD_ARGUMENT: 400,
  INVITE_INVALID: 400,
  COORDINATOR_ADMIN_ONLY: 401,
  REQUEST_REPLAYED: 401,
  REQUEST_SIGNATURE_INVALID: 401,
  REQUEST_TIME_WRONG: 401,
  REQUEST_UNSIGNED: 401,
  DEMO_CONFINED: 403,
  COORDINATOR_UNKNOWN_USER: 404,
  COORDINATOR_UNKNOWN_WORKER: 404,
  INVITE_UNKNOWN: 404,
  MANIFEST_MISSING: 404,
  TOKEN_UNKNOWN: 404,
  INVITE_USED: 409,
  LOAD_NOT_SENT: 409,
  WORKER_ID_TAKEN: 409,
  INVITE_EXPIRED: 410,
  INVITE_REVOKED: 410,
  COORDINATOR_BUSY: 429,
  BRIDGE_PAGE_MISSING: 503,
  COORDINATOR_DISK_FULL: 507,
}

/** Every error leaves as `{ error: { code, cause, action } }`; what we did not expect, without its particulars. */
export function replyWithErrors(app: FastifyInstance, onUnexpected: (error: unknown) => void): void {
  const send = (reply: FastifyReply, status: number, error: EspalierError) =>
    reply.code(status).send({ error: error.report() })
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof RetryLater) reply.header('retry-after', String(error.retryAfterS))
    if (error instanceof EspalierError && STATUS_OF[error.code]) return send(reply, STATUS_OF[error.code] ?? 500, error)
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status < 500) return send(reply, status, new EspalierError('BAD_ARGUMENT', messageOf(error)))
    onUnexpected(error)
    if (isDiskFull(error)) return send(reply, 507, new EspalierError('COORDINATOR_DISK_FULL'))
    return send(reply, 500, new EspalierError('INTERNAL'))
  })
  app.setNotFoundHandler((request, reply) =>
    send(reply, 404, new EspalierError('BAD_ARGUMENT', `there is no ${request.method} ${request.url.slice(0, 200)}`)),
  )
}

/** SQLite, the file system, PostgreSQL. */
function isDiskFull(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^SQLITE_FULL/.test(code) || code === 'ENOSPC' || code === '53100'
}

/** Addresses that Fastify refuses before it looks for a route get the same shape of answer. */
export function refuseBadAddress(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  const report = new EspalierError('BAD_ARGUMENT', messageOf(error).slice(0, 200)).report()
  void reply.code(error.statusCode ?? 400).send({ error: report })
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
  app.addHook('onRequest', (request, _reply, done) => {
    const { hostname } = request
    if (isLoopbackHost(hostname.replace(/^::1$/, '[::1]'))) done()
    else done(new EspalierError('BAD_ARGUMENT', `this coordinator is not called “${hostname.slice(0, 100)}”`))
  })
}
