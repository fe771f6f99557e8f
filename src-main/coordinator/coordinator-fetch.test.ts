import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { reachOf, whyNotAllowed } from './address-policy'
import { createCoordinatorApi } from './coordinator-api'
import { createCoordinatorFetch } from './coordinator-fetch'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(answer: RequestListener, tls?: { key: string; cert: string }): Promise<number> {
  const server = tls ? createSecureServer(tls, answer) : createServer(answer)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const resolvingTo = (...addresses: string[]) =>
  createCoordinatorFetch({
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  })
/** None of these is about how soon a server on a busy machine answers. */
const PATIENCE = { timeoutMs: 60_000 }
const apiAt = (baseUrl: string, fetch: typeof globalThis.fetch) =>
  createCoordinatorApi({ baseUrl, fetch, clock: systemClock, allowInsecure: true })

describe('where a coordinator may be', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['10.0.0.1', 'private'],
    ['172.31.255.1', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['127.0.0.53', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'forbidden'],
    ['fe80::1', 'forbidden'],
    ['0.0.0.0', 'forbidden'],
    ['::', 'forbidden'],
    ['224.0.0.1', 'forbidden'],
    ['255.255.255.255', 'forbidden'],
    ['nonsense', 'forbidden'],
  ])('C-44: %s is %s', (ip, reach) => expect(reachOf(ip)).toBe(reach))

  it('C-44: a name never leads inside, an address that was written out may', () => {
    expect(whyNotAllowed('coordinator.example', '203.0.114.7')).toBeNull()
    expect(whyNotAllowed('coordinator.example', '192.168.1.1')).toContain('private network')
    expect(whyNotAllowed('coordinator.example', '127.0.0.1')).toContain('this computer')
    expect(whyNotAllowed('192.168.1.1', '192.168.1.1')).toBeNull()
    expect(whyNotAllowed('[::1]', '::1')).toBeNull()
    expect(whyNotAllowed('localhost', '127.0.0.1')).toBeNull()
    expect(whyNotAllowed('169.254.169.254', '169.254.169.254')).toContain('no address')
  })
})

describe('coordinator fetch', () => {
  it('C-44: a public name that leads to a private service is refused before a connection', async () => {
    let asked = 0
    const port = await listen((_request, response) => {
      asked += 1
      response.end('{}')
    })
    const api = apiAt(`http://coordinator.example:${port}`, resolvingTo('127.0.0.1'))
    await expect(api.health(PATIENCE)).rejects.toMatchObject({
      code: 'COORDINATOR_PRIVATE',
      message: expect.stringContaining('coordinator.example leads to 127.0.0.1'),
    })
    expect(asked).toBe(0)
  })

  it('C-44: the address that was judged is the one that is connected to', async () => {
    const port = await listen((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"status":"ok"}')
    })
    let lookups = 0
    const fetch = createCoordinatorFetch({
      // A name that answers in another way the second time.
      resolve: async () => [{ address: lookups++ === 0 ? '127.0.0.1' : '10.9.9.9', family: 4 }],
    })
    await expect(apiAt(`http://localhost:${port}`, fetch).health(PATIENCE)).resolves.toMatchObject({
      value: { status: 'ok' },
    })
    expect(lookups).toBe(1)
  })

  it('C-44: a redirect is not followed, and nothing of ours reaches its target', async () => {
    const heard: string[] = []
    const target = await listen((request, response) => {
      heard.push(`${request.method} ${request.url}`)
      response.end('{}')
    })
    const port = await listen((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${target}/secret` })
      response.end()
    })
    await expect(apiAt(`http://127.0.0.1:${port}`, createCoordinatorFetch()).health(PATIENCE)).rejects.toMatchObject({
      code: 'COORDINATOR_NOT_ONE',
      message: expect.stringContaining('redirects'),
    })
    expect(heard).toEqual([])
  })

  it('C-44: a certificate that nobody vouches for is never accepted', async () => {
    const pems = await generate([{ name: 'commonName', value: 'localhost' }])
    const port = await listen((_request, response) => response.end('{}'), { key: pems.private, cert: pems.cert })
    await expect(apiAt(`https://localhost:${port}`, createCoordinatorFetch()).health(PATIENCE)).rejects.toMatchObject({
      code: 'COORDINATOR_UNREACHABLE',
      message: expect.stringMatching(/certificate/i),
    })
  })

  it('C-10: JSON that calls itself a web page is not a coordinator’s', async () => {
    const port = await listen((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('{"status":"ok"}')
    })
    await expect(apiAt(`http://127.0.0.1:${port}`, createCoordinatorFetch()).health(PATIENCE)).rejects.toMatchObject({
      code: 'COORDINATOR_NOT_ONE',
    })
  })

  it('C-10: an endless reply is cut off, and a slow one ends in time', async () => {
    const port = await listen((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url === '/network/info') return
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1)
      response.on('close', () => clearInterval(timer))
    })
    const api = apiAt(`http://127.0.0.1:${port}`, createCoordinatorFetch())
    await expect(api.health(PATIENCE)).rejects.toMatchObject({ code: 'COORDINATOR_NOT_ONE' })
    await expect(api.networkInfo({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'COORDINATOR_UNREACHABLE' })
  })
})
