import fastify, { type FastifyInstance } from 'fastify'
import QRCode from 'qrcode'
import type { FeedDocuments } from '../../src-coordinator/dashboard/feed-mask'
import { feedRoute } from '../../src-coordinator/dashboard/feed-route'
import { pageRoutes } from '../../src-coordinator/dashboard/page-routes'
import { DASHBOARD_DIR } from '../../src-dashboard/build'
import type { Invite } from '../../src-dashboard/membership'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'

export const HOST_TOKEN = 'host-token-of-the-dashboard-tests-0001'

/** The real page behind the real feed; only what the network is, is a script. */
export class DashboardHost {
  private app!: FastifyInstance
  private port = 0
  private readonly listeners = new Set<() => void>()
  documents: FeedDocuments
  /** What was asked for, in order: `GET /events`, `POST /workers/w1/approve {"reason":"…"}`. */
  readonly requests: string[] = []
  /** What the next decision is refused with. */
  refusal: EspalierError | null = null
  /** What a decision does to the network. */
  onDecision: (kind: string, workerId: string, reason: string) => void = () => undefined
  onSetting: (name: string, value: string) => void = () => undefined
  readonly invites: Invite[] = []
  /** Answers nothing at all, like a host that hangs. */
  isSilent = false

  private constructor(documents: FeedDocuments) {
    this.documents = documents
  }

  static async start(documents: FeedDocuments): Promise<DashboardHost> {
    const host = new DashboardHost(documents)
    await host.listen()
    return host
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/dashboard`
  }

  say(change: (before: FeedDocuments) => FeedDocuments): void {
    this.documents = change(this.documents)
    for (const listener of this.listeners) listener()
  }

  async goAway(): Promise<void> {
    await this.app.close()
  }

  async listen(): Promise<void> {
    const app = fastify({ forceCloseConnections: true })
    this.app = app
    const requireAdmin = (request: { headers: { authorization?: string | undefined } }) => {
      if (request.headers.authorization !== `Bearer ${HOST_TOKEN}`) throw new EspalierError('COORDINATOR_ADMIN_ONLY')
    }
    app.setErrorHandler((error, _request, reply) =>
      error instanceof EspalierError
        ? reply.code(error.code === 'COORDINATOR_ADMIN_ONLY' ? 401 : 409).send({ error: error.report() })
        : reply.code(500).send({ error: new EspalierError('INTERNAL').report() }),
    )
    app.addHook('preHandler', async (request) => {
      if (!request.url.startsWith('/dashboard'))
        this.requests.push(`${request.method} ${request.url}${request.body ? ` ${JSON.stringify(request.body)}` : ''}`)
    })
    await app.register(feedRoute, {
      read: async () => {
        while (this.isSilent) await systemClock.sleep(50)
        return this.documents
      },
      subscribe: (listener) => {
        this.listeners.add(listener)
        return () => void this.listeners.delete(listener)
      },
      requireAdmin,
      clock: systemClock,
      onError: () => undefined,
    })
    await app.register(pageRoutes, { pageDirectory: DASHBOARD_DIR })
    app.post<{ Params: { id: string; kind: string }; Body: { reason?: string } | undefined }>(
      '/workers/:id/:kind',
      async (request) => {
        requireAdmin(request)
        const refusal = this.refusal
        this.refusal = null
        if (refusal) throw refusal
        this.onDecision(request.params.kind, request.params.id, request.body?.reason ?? '')
        return {}
      },
    )
    app.delete<{ Params: { id: string } }>('/workers/:id/load', async (request) => {
      requireAdmin(request)
      this.onDecision('cancel-load', request.params.id, '')
      return {}
    })
    app.delete('/workers/:id', async (request) => {
      requireAdmin(request)
      return {}
    })
    app.get('/tokens', async (request) => {
      requireAdmin(request)
      return { tokens: [] }
    })
    app.get('/invites', async (request) => {
      requireAdmin(request)
      return { invites: this.invites }
    })
    app.post<{ Body: { label: string; expires_in_s: number } }>('/invites', async (request) => {
      requireAdmin(request)
      const invite = {
        invite_id: `invite-${this.invites.length + 1}-0001`,
        label: request.body.label,
        state: 'open',
        expires_at_ms: Date.now() + request.body.expires_in_s * 1_000,
        redeemed_by: null,
        link: `espalier://invite?c=${encodeURIComponent('https://orchard.example')}&t=${'eyJhbGciOiJFZERTQSJ9'.repeat(9)}`,
      }
      this.invites.unshift(invite)
      return invite
    })
    app.get<{ Params: { id: string } }>('/invites/:id/qr.svg', async (request, reply) => {
      requireAdmin(request)
      const invite = this.invites.find(({ invite_id }) => invite_id === request.params.id)
      return reply.type('image/svg+xml').send(await QRCode.toString(invite?.link ?? 'none', { type: 'svg', margin: 4 }))
    })
    app.put<{ Params: { name: string }; Querystring: Record<string, string> }>('/network/:name', async (request) => {
      requireAdmin(request)
      this.onSetting(request.params.name, Object.values(request.query)[0] ?? '')
      return {}
    })
    await app.listen({ host: '127.0.0.1', port: this.port })
    const address = app.server.address()
    if (typeof address === 'object' && address) this.port = address.port
  }
}
