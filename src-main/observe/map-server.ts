import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Gauge, Registry } from 'prom-client'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { peerFromText } from '../hivemind/peer-bytes'
import type { Snapshot } from './crawler'

const MAX_CONNECTIONS = 256
const MAX_REACH_AT_ONCE = 4
const REACH_MEMORY_MS = 60_000
const MAX_REMEMBERED = 1_000

export interface MapServer {
  readonly url: string
  close(): Promise<void>
}

type Reach = { success: boolean; message: string | null }

/**
 * Serves what a crawl saw in the shapes of the public health monitor, so that every reader of such a map can read
 * this one: `/api/v1/state`, `/api/v1/is_reachable/<peer>`, `/metrics`. Reads only; holds no secrets.
 * @param reach opens a connection to a peer; its rejection says why there is none
 */
export async function serveMap(options: {
  snapshot: () => Snapshot | null
  reach: (peerId: string) => Promise<void>
  host: string
  /** 0 takes a free one. */
  port: number
  clock: Clock
}): Promise<MapServer> {
  const { clock } = options
  const metrics = createMapMetrics(options.snapshot)
  const reached = new Map<string, { answer: Promise<Reach>; atMs: number }>()
  let reaching = 0

  function reachOf(peerId: string): Promise<Reach> {
    const known = reached.get(peerId)
    if (known && clock.monotonicMs() - known.atMs < REACH_MEMORY_MS) return known.answer
    if (reaching >= MAX_REACH_AT_ONCE) throw new EspalierError('SESSION_LIMIT', 'this map dials enough peers just now')
    reaching++
    const answer = options
      .reach(peerId)
      .then(
        (): Reach => ({ success: true, message: null }),
        (error: unknown): Reach => ({ success: false, message: messageOf(error).slice(0, 300) }),
      )
      .finally(() => {
        reaching--
      })
    reached.delete(peerId)
    if (reached.size >= MAX_REMEMBERED) reached.delete(reached.keys().next().value ?? '')
    reached.set(peerId, { answer, atMs: clock.monotonicMs() })
    return answer
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(response, 405, { error: 'only GET' })
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (path === '/api/v1/state') return state(request, response)
    if (path === '/metrics' || path === '/api/prometheus') {
      response.writeHead(200, { ...PLAIN_HEADERS, 'Content-Type': metrics.contentType }).end(await metrics.metrics())
      return
    }
    const peer = /^\/api\/v1\/is_reachable\/([1-9A-HJ-NP-Za-km-z]{32,128})$/.exec(path)?.[1]
    if (peer === undefined) return json(response, 404, { error: 'there is no such page' })
    if (!peerFromText(peer)) return json(response, 400, { error: 'that is no peer id' })
    return json(response, 200, { ...(await reachOf(peer)), your_ip: request.socket.remoteAddress ?? null })
  }

  function state(request: IncomingMessage, response: ServerResponse): void {
    const snapshot = options.snapshot()
    if (!snapshot) {
      json(response, 503, { error: 'the first crawl is not over yet' }, { 'Retry-After': '5' })
      return
    }
    const body = JSON.stringify(snapshot)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { ...PLAIN_HEADERS, ETag: etag }).end()
      return
    }
    const headers = { ...PLAIN_HEADERS, 'Content-Type': 'application/json', ETag: etag }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body)
  }

  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const isBusy = error instanceof EspalierError
      if (!response.headersSent) json(response, isBusy ? 429 : 500, { error: isBusy ? error.message : 'INTERNAL' })
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isPort = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      const cause = `${options.host}:${options.port} (${error.message})`
      reject(new EspalierError(isPort ? 'PORT_TAKEN' : 'BAD_ARGUMENT', cause, { cause: error }))
    })
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

// Any page may read a map, and none may do anything with it.
const PLAIN_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cache-Control': 'no-cache',
  'X-Content-Type-Options': 'nosniff',
}

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { ...PLAIN_HEADERS, ...headers, 'Content-Type': 'application/json' })
    .end(JSON.stringify(body))
}

function createMapMetrics(snapshot: () => Snapshot | null): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, read: (snapshot: Snapshot) => number) =>
    new Gauge({
      name: `espalier_map_${name}`,
      help,
      registers,
      collect() {
        const seen = snapshot()
        if (seen) this.set(read(seen))
      },
    })
  gauge('last_updated_seconds', 'When the shown crawl ended, Unix time.', ({ last_updated }) => last_updated)
  gauge('update_duration_seconds', 'How long it took.', ({ update_duration }) => update_duration)
  gauge('crawls_held', 'Crawls since then that read nothing or failed.', ({ crawls_held }) => crawls_held)
  gauge('bootstraps_online', 'Bootstraps that answer.', ({ bootstrap_states }) =>
    bootstrap_states.reduce((sum, state) => sum + (state === 'online' ? 1 : 0), 0),
  )
  new Gauge({
    name: 'espalier_map_servers',
    help: 'Servers of a model, by state.',
    labelNames: ['model', 'state'],
    registers,
    collect() {
      this.reset()
      for (const { dht_prefix: model, server_rows } of snapshot()?.model_reports ?? []) {
        for (const { state } of server_rows) this.inc({ model, state })
      }
    },
  })
  new Gauge({
    name: 'espalier_map_model_healthy',
    help: '1 while every block of the model has a server that answers.',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset()
      for (const { dht_prefix: model, state } of snapshot()?.model_reports ?? [])
        this.set({ model }, state === 'healthy' ? 1 : 0)
    },
  })
  return registry
}
