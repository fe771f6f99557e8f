import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../src-shared/clock'
import { type EventName, MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { BEAT_INTERVAL_MS, CLOSE_CODES, WEB_PATH, WEB_PROTOCOL } from '../../src-shared/web-envelope'
import type { RefusalReason } from './refusals'
import type { BridgeLog, BridgeServer } from './server'
import { loadStaticFiles, pathOf, respondWithFile } from './static-files'
import { serveWebClient, type WebClient } from './web-client'
import { createAddressCheck, createFailureLimit, createTokenCheck, offeredProtocols, offeredToken } from './web-guards'

export interface WebCarrierOptions {
  server: BridgeServer
  /** Where the built page lies. */
  rootDir: string
  operatorToken: string
  /** Looks, but cannot start, stop or generate. */
  readToken?: string
  /** Loopback unless the operator says otherwise. */
  host?: string
  /** 0 picks a free one. */
  port?: number
  /** Further names under which pages may reach us, without port. */
  hostNames?: readonly string[]
  /** What `/healthz` answers, to anyone who can reach the port; without it there is no `/healthz`. */
  health?: () => { status: number; body: unknown }
  /** What `/metrics` answers, in Prometheus' text format; likewise. */
  metrics?: { contentType: string; text(): Promise<string> }
  maxClients?: number
  /** What may wait for one client before it counts as too slow and is dropped. */
  maxBufferedBytes?: number
  clock: Clock
  log: BridgeLog
}

export interface WebCarrier {
  readonly port: number
  /** `http://host:port`, no token in it. */
  readonly url: string
  /** The link to open: the token stands in the fragment, which browsers never send. */
  readonly operatorUrl: string
  readonly readUrl: string | null
  readonly clientCount: number
  /** Resolves when the port is free and every socket and timer is gone. */
  close(): Promise<void>
}

const PING_INTERVAL_MS = 20_000
const WRONG_TOKENS_AT_ONCE = 10
const WRONG_TOKEN_REFILL_MS = 1_000
const CLOSE_GRACE_MS = 500

/**
 * The page and the bridge over HTTP: static files and one WebSocket.
 * @throws PORT_TAKEN, BRIDGE_PAGE_MISSING, BAD_ARGUMENT (tokens).
 */
export async function startWebCarrier(options: WebCarrierOptions): Promise<WebCarrier> {
  const { server, clock, log, host = '127.0.0.1', maxClients = 16, maxBufferedBytes = 4 * 1024 * 1024 } = options
  const scopesOf = createTokenCheck(options)
  const files = await loadStaticFiles(options.rootDir)
  const failures = createFailureLimit(clock, WRONG_TOKENS_AT_ONCE, WRONG_TOKEN_REFILL_MS)
  const clients = new Set<WebClient>()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => WEB_PROTOCOL,
    closeTimeout: CLOSE_GRACE_MS,
  } as ConstructorParameters<typeof WebSocketServer>[0])

  const http = createServer({ maxHeaderSize: 8_192 }, (request, response) => handleRequest(request, response))
  http.maxConnections = 8 * maxClients
  await listen(http, options.port ?? 0, host)
  const { port } = http.address() as AddressInfo
  const addresses = createAddressCheck(port, ['127.0.0.1', 'localhost', '::1', host, ...(options.hostNames ?? [])])

  function handleRequest(request: IncomingMessage, response: ServerResponse): void {
    // Nobody sends us bodies; what comes anyway is read and thrown away.
    request.resume()
    if (!addresses.isOurHost(request.headers.host)) {
      server.countRefused('bad-host')
      response.writeHead(421, { Connection: 'close' }).end()
      return
    }
    const headers = pageHeaders(request.headers.host ?? '')
    const { health, metrics } = options
    if (health && pathOf(request.url) === '/healthz') respondWithHealth(health, response, headers, log)
    else if (metrics && pathOf(request.url) === '/metrics') void respondWithMetrics(metrics, response, headers, log)
    else respondWithFile(files, request, response, headers)
  }

  http.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log('info', 'A connection broke before it was accepted', { error: messageOf(error) }))
    const refusal = refusalOf(request)
    if (refusal) {
      if (refusal.reason) server.countRefused(refusal.reason)
      return refuseUpgrade(socket, refusal.status)
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, request))
  })

  function refusalOf(request: IncomingMessage): { status: string; reason?: RefusalReason } | null {
    if (!addresses.isOurHost(request.headers.host)) return { status: '421 Misdirected Request', reason: 'bad-host' }
    if (pathOf(request.url) !== WEB_PATH) return { status: '404 Not Found' }
    if (!addresses.isOurOrigin(request.headers.origin)) return { status: '401 Unauthorized', reason: 'bad-origin' }
    if (!offeredProtocols(request).includes(WEB_PROTOCOL)) return { status: '400 Bad Request', reason: 'malformed' }
    if (failures.isBlocked(addressOf(request))) return { status: '429 Too Many Requests', reason: 'rate-limited' }
    if (clients.size >= maxClients) return { status: '503 Service Unavailable', reason: 'too-many-clients' }
    return null
  }

  function accept(socket: WebSocket, request: IncomingMessage): void {
    const scopes = scopesOf(offeredToken(request))
    if (!scopes) {
      failures.countFailure(addressOf(request))
      server.countRefused('bad-token')
      log('warn', 'A page came with a wrong token', { address: addressOf(request) })
      socket.on('error', (error) => log('info', 'A refused page broke the protocol', { error: messageOf(error) }))
      socket.close(CLOSE_CODES.badToken)
      return
    }
    const client = serveWebClient({ socket, scopes, server, log, maxBufferedBytes })
    clients.add(client)
    socket.once('close', () => clients.delete(client))
  }

  const removeSink = server.addSink((event: EventName, payload) => {
    if (clients.size === 0) return
    const text = JSON.stringify({ event, payload })
    if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
      server.countRefused('oversize')
      log('error', 'An event is too long and was not sent', { event })
      return
    }
    for (const client of clients) client.sendEvent(event, text)
  })
  const stopPinging = clock.every(PING_INTERVAL_MS, () => {
    for (const client of clients) client.checkAlive()
  })
  const stopBeating = clock.every(BEAT_INTERVAL_MS, () => {
    for (const client of clients) client.beat()
  })

  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  let closing: Promise<void> | null = null
  return {
    port,
    url,
    operatorUrl: `${url}/#token=${options.operatorToken}`,
    readUrl: options.readToken === undefined ? null : `${url}/#token=${options.readToken}`,
    get clientCount() {
      return clients.size
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }

  async function closeAll(): Promise<void> {
    removeSink()
    stopPinging()
    stopBeating()
    const portFree = new Promise<void>((resolve) => http.close(() => resolve()))
    const socketsGone = new Promise<void>((resolve) => sockets.close(() => resolve()))
    for (const socket of sockets.clients) socket.close(CLOSE_CODES.goingAway)
    http.closeAllConnections()
    // A page that does not answer the close is cut off, so that the port is free in bounded time.
    const cancel = clock.after(CLOSE_GRACE_MS, () => {
      for (const socket of sockets.clients) socket.terminate()
    })
    await Promise.all([portFree, socketsGone])
    cancel()
  }
}

function listen(http: ReturnType<typeof createServer>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      reject(taken ? new EspalierError('PORT_TAKEN', `${host}:${port}`, { cause: error }) : error)
    }
    http.once('error', onError)
    http.listen(port, host, () => {
      http.off('error', onError)
      resolve()
    })
  })
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function respondWithHealth(
  health: () => { status: number; body: unknown },
  response: ServerResponse,
  headers: Record<string, string>,
  log: BridgeLog,
): void {
  const jsonHeaders = { ...headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  try {
    const { status, body } = health()
    response.writeHead(status, jsonHeaders).end(JSON.stringify(body))
  } catch (error) {
    log('error', 'The health check failed', { error })
    response.writeHead(500, jsonHeaders).end('{}')
  }
}

async function respondWithMetrics(
  metrics: NonNullable<WebCarrierOptions['metrics']>,
  response: ServerResponse,
  headers: Record<string, string>,
  log: BridgeLog,
): Promise<void> {
  try {
    const text = await metrics.text()
    response.writeHead(200, { ...headers, 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }).end(text)
  } catch (error) {
    log('error', 'The metrics could not be read', { error })
    response.writeHead(500, headers).end()
  }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown'
}

/** `host` is the Host header, already found in our list. Some browsers do not count `ws:` as `'self'`, so it is named. */
function pageHeaders(host: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
}
