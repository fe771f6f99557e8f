import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { servingStatus } from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import { MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { CLOSE_CODES, TOKEN_PREFIX, WEB_PROTOCOL } from '../../src-shared/web-envelope'
import { type BridgeServer, createBridgeServer } from './server'
import { stillHandlers } from './testing/still-handlers'
import { startWebCarrier, type WebCarrier, type WebCarrierOptions } from './web-carrier'
import { newToken } from './web-guards'

const operatorToken = newToken()
const readToken = newToken()
let directory: string
let server: BridgeServer
let carrier: WebCarrier
let started: number
const opened: { terminate(): void }[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-web-'))
  const rootDir = join(directory, 'page')
  await mkdir(join(rootDir, 'assets'), { recursive: true })
  await writeFile(join(rootDir, 'index.html'), '<!doctype html><title>page</title>')
  await writeFile(join(rootDir, 'assets', 'app-1234.js'), 'export {}')
  await writeFile(join(rootDir, 'assets', 'app-1234.js.map'), '{}')
  await writeFile(join(directory, 'secret.json'), '{"secret":true}')
  await symlink(join(directory, 'secret.json'), join(rootDir, 'link.json'))
  started = 0
  const handlers: MethodHandlers = {
    ...stillHandlers(),
    'node.start': () => {
      started += 1
      return {}
    },
  }
  server = createBridgeServer({ handlers, log: () => undefined, clock: systemClock })
})

afterEach(async () => {
  for (const client of opened.splice(0)) client.terminate()
  await carrier?.close()
  server.dispose()
  await rm(directory, { recursive: true })
})

async function start(options: Partial<WebCarrierOptions> = {}): Promise<void> {
  carrier = await startWebCarrier({
    server,
    rootDir: join(directory, 'page'),
    operatorToken,
    readToken,
    clock: systemClock,
    log: () => undefined,
    ...options,
  })
}

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: carrier.port, host: '127.0.0.1', path, method, headers }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

class Page {
  readonly messages: Record<string, unknown>[] = []
  closeCode: number | null = null
  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data))))
    socket.on('close', (code) => {
      this.closeCode = code
    })
    opened.push(socket)
  }
  static async open(token: string, headers: Record<string, string> = {}): Promise<Page> {
    const page = new Page(dial(token, headers))
    await new Promise((resolve, reject) => page.socket.once('open', resolve).once('error', reject))
    return page
  }
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }
  async call(id: number, method: string, input: unknown = {}) {
    this.send({ id, method, input })
    return until(() => this.messages.find((message) => message.id === id))
  }
  events(event: string) {
    return this.messages.filter((message) => message.event === event)
  }
  async closed(): Promise<number> {
    return until(() => this.closeCode ?? undefined)
  }
}

function dial(token: string, headers: Record<string, string> = {}, protocols?: string[]): WebSocket {
  return new WebSocket(
    `ws://127.0.0.1:${carrier.port}/bridge`,
    protocols ?? [WEB_PROTOCOL, `${TOKEN_PREFIX}${token}`],
    { headers: { Origin: `http://127.0.0.1:${carrier.port}`, ...headers } },
  )
}

/** The status with which an upgrade is refused; 101 when it is not. */
function upgradeStatus(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.once('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    socket.once('open', () => {
      socket.terminate()
      resolve(101)
    })
  })
}

async function until<T>(probe: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const value = probe()
    if (value !== undefined) return value
    await wait(10)
  }
  throw new Error('it never came')
}

describe('the page', () => {
  it('comes with headers that allow nothing but its own scripts and its own socket', async () => {
    await start()
    const answer = await get('/')
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('<title>page')
    const policy = String(answer.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${carrier.port}`)
    expect(policy).not.toContain('unsafe')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.headers['referrer-policy']).toBe('no-referrer')
    expect(answer.headers['cross-origin-opener-policy']).toBe('same-origin')
  })

  it('serves assets for good and the page itself fresh', async () => {
    await start()
    const asset = await get('/assets/app-1234.js')
    expect(asset.headers['content-type']).toContain('text/javascript')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect((await get('/index.html')).headers['cache-control']).toBe('no-cache')
    expect((await get('/', {}, 'HEAD')).body).toBe('')
  })

  it.each([
    '/../secret.json',
    '/assets/../../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/..%5csecret.json',
    '//secret.json',
    '/link.json',
    '/assets/app-1234.js.map',
    '/%zz',
    '/%00',
    '/missing',
  ])('does not serve %s', async (path) => {
    await start()
    const answer = await get(path)
    expect(answer.status).toBe(404)
    expect(answer.body).not.toContain('secret')
  })

  it('answers no other verbs', async () => {
    await start()
    expect((await get('/', {}, 'POST')).status).toBe(405)
    expect((await get('/', {}, 'DELETE')).status).toBe(405)
  })

  it('refuses a foreign Host (DNS rebinding)', async () => {
    await start()
    expect((await get('/', { Host: `evil.example:${carrier.port}` })).status).toBe(421)
    expect((await get('/healthz', { Host: 'evil.example' })).status).toBe(421)
    expect(server.refused['bad-host']).toBe(2)
    expect((await get('/', { Host: `localhost:${carrier.port}` })).status).toBe(200)
  })

  it('says at the start when the page was never built', async () => {
    await expect(start({ rootDir: join(directory, 'nowhere') })).rejects.toMatchObject({ code: 'BRIDGE_PAGE_MISSING' })
  })

  it('says at the start when the port is taken', async () => {
    await start()
    await expect(start({ port: carrier.port })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  })
})

describe('/healthz', () => {
  it('answers what the host says, and survives a host that throws', async () => {
    let fails = false
    await start({
      health: () => {
        if (fails) throw new Error('no status yet')
        return { status: 503, body: { shape: 'degraded' } }
      },
    })
    const answer = await get('/healthz')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.body)).toEqual({ shape: 'degraded' })
    fails = true
    expect((await get('/healthz')).status).toBe(500)
  })

  it('is not there when the host has none', async () => {
    await start()
    expect((await get('/healthz')).status).toBe(404)
  })
})

describe('who gets in', () => {
  it('refuses a foreign Host, a foreign or missing Origin, another path and a missing protocol', async () => {
    await start()
    expect(await upgradeStatus(dial(operatorToken, { Host: `evil.example:${carrier.port}` }))).toBe(421)
    expect(await upgradeStatus(dial(operatorToken, { Origin: 'http://evil.example' }))).toBe(401)
    expect(await upgradeStatus(dial(operatorToken, { Origin: 'null' }))).toBe(401)
    expect(await upgradeStatus(dial(operatorToken, {}, [`${TOKEN_PREFIX}${operatorToken}`]))).toBe(400)
    const elsewhere = new WebSocket(`ws://127.0.0.1:${carrier.port}/other`, [WEB_PROTOCOL])
    expect(await upgradeStatus(elsewhere)).toBe(404)
    const withoutOrigin = new WebSocket(`ws://127.0.0.1:${carrier.port}/bridge`, [
      WEB_PROTOCOL,
      `${TOKEN_PREFIX}${operatorToken}`,
    ])
    expect(await upgradeStatus(withoutOrigin)).toBe(401)
    expect(server.refused['bad-origin']).toBe(3)
    expect(carrier.clientCount).toBe(0)
  })

  it('closes a wrong token with a code that a page can read, and sends it nothing', async () => {
    await start()
    const page = await Page.open(newToken())
    server.emit('status', servingStatus(1))
    expect(await page.closed()).toBe(CLOSE_CODES.badToken)
    expect(page.messages).toEqual([])
    expect(server.refused['bad-token']).toBe(1)
  })

  it('slows down whoever tries tokens, even the right one, until some time has passed', async () => {
    await start()
    const statuses: number[] = []
    while (!statuses.includes(429) && statuses.length < 60) statuses.push(await upgradeStatus(dial(newToken())))
    expect(statuses.filter((status) => status === 101).length).toBeGreaterThanOrEqual(10)
    expect(statuses.at(-1)).toBe(429)
    expect(await upgradeStatus(dial(operatorToken))).toBe(429)
    expect(server.refused['rate-limited']).toBeGreaterThanOrEqual(2)
    await wait(2_500)
    expect(await upgradeStatus(dial(operatorToken))).toBe(101)
  })

  it('takes no more clients than it should', async () => {
    await start({ maxClients: 2 })
    await Page.open(operatorToken)
    const second = await Page.open(operatorToken)
    expect(await upgradeStatus(dial(operatorToken))).toBe(503)
    second.socket.terminate()
    await until(() => (carrier.clientCount === 1 ? true : undefined))
    await Page.open(operatorToken)
  })
})

describe('a connection', () => {
  it('says first what it may do, never echoes the token, and answers calls', async () => {
    await start()
    const page = await Page.open(operatorToken)
    expect(page.socket.protocol).toBe(WEB_PROTOCOL)
    expect(await page.call(1, 'status.get')).toMatchObject({ reply: { ok: true, value: { phase: 'stopped' } } })
    expect(page.messages[0]).toEqual({ scopes: ['read', 'operate'] })
  })

  it('of a reader sees the status and cannot operate, nor read what others generate', async () => {
    await start()
    const reader = await Page.open(readToken)
    const operator = await Page.open(operatorToken)
    for (const [id, method] of [
      [1, 'node.start'],
      [2, 'node.stop'],
      [3, 'generate.start'],
      [4, 'generate.cancel'],
    ] as const) {
      expect(await reader.call(id, method)).toMatchObject({ reply: { error: { code: 'BRIDGE_FORBIDDEN' } } })
    }
    expect(started).toBe(0)
    server.emit('generate.token', { generationId: 'g1', text: 'hush' })
    server.emit('status', servingStatus(1))
    await until(() => operator.events('generate.token')[0])
    await until(() => reader.events('status')[0])
    expect(reader.events('generate.token')).toEqual([])
  })

  it('is one of several: each gets the events and only its own answers', async () => {
    await start()
    const pages = [await Page.open(operatorToken), await Page.open(operatorToken)] as const
    await pages[0].call(7, 'node.start')
    server.emit('status', servingStatus(1))
    for (const page of pages)
      expect(await until(() => page.events('status')[0])).toMatchObject({ payload: { revision: 1 } })
    expect(pages[1].messages.some((message) => message.id === 7)).toBe(false)
    expect(started).toBe(1)
  })

  it('closes what is not JSON, not text or not a call, and counts it', async () => {
    await start()
    for (const [frame, code] of [
      ['{"id":', CLOSE_CODES.notJson],
      [Buffer.from([1, 2, 3]), CLOSE_CODES.notText],
      ['{"id":"1","method":"status.get","input":{}}', CLOSE_CODES.badEnvelope],
      ['[]', CLOSE_CODES.badEnvelope],
      ['null', CLOSE_CODES.badEnvelope],
      ['{"id":1,"method":"status.get","input":{},"more":1}', CLOSE_CODES.badEnvelope],
    ] as const) {
      const page = await Page.open(operatorToken)
      page.socket.send(frame)
      expect(await page.closed()).toBe(code)
    }
    expect(server.refused.malformed).toBe(6)
  })

  it('survives a frame that is too big: that page is closed with 1009, the others go on', async () => {
    await start()
    const big = await Page.open(operatorToken)
    const other = await Page.open(operatorToken)
    big.send('x'.repeat(MAX_MESSAGE_BYTES + 1))
    expect(await big.closed()).toBe(CLOSE_CODES.tooBig)
    expect(server.refused.oversize).toBe(1)
    expect(await other.call(1, 'status.get')).toMatchObject({ reply: { ok: true } })
  })

  it('survives bytes that are no WebSocket frames', async () => {
    await start()
    const page = await Page.open(operatorToken)
    const raw = (page.socket as unknown as { _socket: Socket })._socket
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    await page.closed()
    const other = await Page.open(operatorToken)
    expect(await other.call(1, 'status.get')).toMatchObject({ reply: { ok: true } })
    expect(server.refused.malformed).toBe(1)
  })

  it('that does not read is dropped, and the others do not notice', async () => {
    await start({ maxBufferedBytes: 512 * 1024 })
    const slow = await Page.open(operatorToken)
    const quick = await Page.open(operatorToken)
    slow.socket.pause()
    const hop = { peerId: 'p'.repeat(100), blocks: { start: 0, end: 1 }, computeMs: 1 }
    const end = { generationId: 'g', error: null, tokens: 1, tokensPerSecond: 1, hops: Array(1_500).fill(hop) }
    let sent = 0
    // The operating system's own buffers take several megabytes before ours begin to fill.
    while (server.refused['slow-client'] === 0 && sent < 400) {
      server.emit('generate.end', end)
      sent += 1
      await wait(1)
    }
    expect(server.refused['slow-client']).toBe(1)
    await until(() => (quick.events('generate.end').length === sent ? true : undefined))
    expect(carrier.clientCount).toBe(1)
  })

  it('does not get a reply or an event that is longer than the limit', async () => {
    await start()
    const page = await Page.open(operatorToken)
    const hop = { peerId: 'p'.repeat(100), blocks: { start: 0, end: 1 }, computeMs: 1 }
    server.emit('generate.end', {
      generationId: 'g',
      error: null,
      tokens: 1,
      tokensPerSecond: 1,
      hops: Array(3_000).fill(hop),
    })
    expect(server.refused.oversize).toBe(1)
    expect(await page.call(1, 'status.get')).toMatchObject({ reply: { ok: true } })
    expect(page.events('generate.end')).toEqual([])
  })
})

describe('close', () => {
  it('tells the pages, frees the port and leaves no socket, even of a page that never answers', async () => {
    await start()
    const page = await Page.open(operatorToken)
    const mute = await Page.open(operatorToken)
    ;(mute.socket as unknown as { _socket: Socket })._socket.pause()
    const idle = connect(carrier.port, '127.0.0.1')
    opened.push({ terminate: () => idle.destroy() })
    await new Promise((resolve) => idle.once('connect', resolve))
    const { port } = carrier
    await carrier.close()
    expect(await page.closed()).toBe(CLOSE_CODES.goingAway)
    expect(carrier.clientCount).toBe(0)
    await start({ port })
    expect(carrier.port).toBe(port)
  })

  it('can be called twice', async () => {
    await start()
    await Promise.all([carrier.close(), carrier.close()])
  })
})
