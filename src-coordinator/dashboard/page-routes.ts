import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { loadStaticFiles, pathOf, type StaticFiles } from '../../src-main/bridge/static-files'
import { EspalierError, isErrorCode } from '../../src-shared/errors'

export interface PageRoutesOptions {
  /** The built page. */
  pageDirectory: string
}

/** The page runs its own scripts, talks to its own coordinator, and is nobody's frame. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const

/** GET /dashboard and what the page is made of. A coordinator whose page was not built says so, and works. */
export const pageRoutes: FastifyPluginAsync<PageRoutesOptions> = async (app, { pageDirectory }) => {
  const files = await loadStaticFiles(pageDirectory).catch((error: unknown): StaticFiles | null => {
    if (isErrorCode(error, 'BRIDGE_PAGE_MISSING')) return null
    throw error
  })
  const index = files?.get('/index.html')
  // Addresses in the page are relative; without the last slash they would lead one level too high.
  const indexWithoutSlash = index?.body.toString('utf8').replaceAll('="./', '="./dashboard/')

  const missing = (reply: FastifyReply) =>
    reply.code(503).send({ error: new EspalierError('BRIDGE_PAGE_MISSING', 'the dashboard').report() })
  const page = (reply: FastifyReply, body: string | Buffer) =>
    reply
      .headers({ ...HEADERS, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(body)

  app.get('/dashboard', async (_request, reply) =>
    indexWithoutSlash === undefined ? missing(reply) : page(reply, indexWithoutSlash),
  )
  app.get('/dashboard/*', async (request, reply) => {
    if (!files || !index) return missing(reply)
    const path = pathOf(request.url).replace(/^\/dashboard/, '')
    if (path === '/') return page(reply, index.body)
    const file = files.get(path)
    if (!file)
      return reply.code(404).send({ error: new EspalierError('BAD_ARGUMENT', 'there is no such file').report() })
    return reply
      .headers({ ...HEADERS, 'cache-control': file.cacheControl })
      .type(file.contentType)
      .send(file.body)
  })
}
