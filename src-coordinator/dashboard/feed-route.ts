import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { createFeedHub, type FeedHubOptions, type FeedReader } from './feed-hub'

export interface FeedRouteOptions extends FeedHubOptions {
  /** Throws when the request may not use the host's powers. */
  requireAdmin: (request: FastifyRequest) => void
}

/**
 * GET /events: what the dashboard shows, as server-sent events. Without a token the reader's view; with a wrong one
 * COORDINATOR_ADMIN_ONLY, so that a host who mistyped learns of it. Resumes from `Last-Event-ID`.
 */
export const feedRoute: FastifyPluginAsync<FeedRouteOptions> = async (app, { requireAdmin, ...options }) => {
  const hub = createFeedHub(options)
  app.addHook('preClose', async () => hub.close())

  app.get('/events', async (request, reply) => {
    const isHost = request.headers.authorization !== undefined
    if (isHost) requireAdmin(request)
    const lastEventId = request.headers['last-event-id']
    const reader = readerOf(reply, {
      view: isHost ? 'host' : 'reader',
      address: request.ip,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : '',
    })
    let hasGone = false
    reply.raw.once('close', () => {
      hasGone = true
    })
    const remove = await hub.add(reader)
    if (hasGone) remove()
    else reply.raw.once('close', remove)
    return reply
  })
}

function readerOf(reply: FastifyReply, who: Pick<FeedReader, 'view' | 'address' | 'lastEventId'>): FeedReader {
  const { raw } = reply
  let hasBegun = false
  return {
    ...who,
    write(text) {
      if (!hasBegun) {
        hasBegun = true
        reply.hijack()
        // Silence is normal here; the hub ends readers that take nothing.
        raw.socket?.setTimeout(0)
        // Set by hooks, for other origins for example: a reply that is taken over would lose them.
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) raw.setHeader(name, value)
        }
        raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // nginx would collect events before it passes them on.
          'x-accel-buffering': 'no',
        })
      }
      return raw.destroyed || raw.write(text)
    },
    onDrain(listener) {
      raw.on('drain', listener)
      return () => void raw.off('drain', listener)
    },
    end: () => void raw.destroy(),
  }
}
