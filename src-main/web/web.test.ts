import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from '../../src-shared/settings'
import { followWayOut } from '../app/follow-way-out'
import { createCoordinatorFetch } from '../coordinator/coordinator-fetch'
import { createRangeClient } from '../shards/sources/http-range'
import { proxyFor } from './proxy-choice'
import { readTrusted } from './trusted-certificates'
import { createWayFetch } from './way-fetch'
import { createWayOut } from './way-out'

describe('which proxy', () => {
  const asks = (address: string, env: Record<string, string>, chosen: string | null = null) =>
    proxyFor(new URL(address), chosen, env)?.host ?? null
  const HTTPS_PROXY = 'http://proxy.example:3128'

  it('is the operator’s, else that of the environment in either case, else none', () => {
    expect(asks('https://a.example', {})).toBeNull()
    expect(asks('https://a.example', { HTTPS_PROXY })).toBe('proxy.example:3128')
    expect(asks('https://a.example', { https_proxy: 'proxy.example:3128' })).toBe('proxy.example:3128')
    expect(asks('http://a.example', { HTTPS_PROXY })).toBeNull()
    expect(asks('http://a.example', { ALL_PROXY: HTTPS_PROXY })).toBe('proxy.example:3128')
    expect(asks('https://a.example', { HTTPS_PROXY }, 'http://own.example:8080')).toBe('own.example:8080')
    for (const bad of ['socks5://x:1', 'http://', '::', ' '])
      expect(asks('https://a.example', { HTTPS_PROXY: bad })).toBeNull()
  })

  it('is never in the way to this computer, nor to what NO_PROXY names', () => {
    for (const here of ['http://127.0.0.1:80', 'https://localhost', 'http://[::1]:9'])
      expect(asks(here, { ALL_PROXY: HTTPS_PROXY }, HTTPS_PROXY)).toBeNull()
    const without = (NO_PROXY: string) => asks('https://map.lan.example:8443', { HTTPS_PROXY, NO_PROXY })
    for (const list of ['*', 'lan.example', '.lan.example', '*.lan.example', 'x, map.lan.example:8443'])
      expect(without(list), list).toBeNull()
    for (const list of ['', 'an.example', 'map.lan.example:443', 'lan.example.org'])
      expect(without(list), list).toBe('proxy.example:3128')
  })
})

it('a proxy in the settings has no password, and is http or https', () => {
  const { proxyUrl } = SettingsSchema.shape
  for (const good of [null, 'http://proxy.example:3128', 'https://proxy.example/'])
    expect(proxyUrl.safeParse(good).success).toBe(true)
  for (const bad of [
    '',
    'proxy:3128',
    'socks5://proxy:1',
    'http://kim:secret@proxy:1',
    'http://proxy/path',
    'http://a b',
  ])
    expect(proxyUrl.safeParse(bad).success, bad).toBe(false)
})

describe('every client of the web', () => {
  const servers: Server[] = []
  let folder: string
  let caFile: string
  let proxyPort: number
  /** What the proxy was asked: the target, and who asks. */
  let asked: { target: string; login: string | undefined }[] = []
  let status = 200

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-web-'))
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'far.example' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'far.example' }] }],
    })
    caFile = join(folder, 'ca.pem')
    await writeFile(caFile, `Issued for tests\n${cert}`)
    const target = createSecureServer({ key, cert }, (request, reply) => {
      if (request.url === '/moved') return reply.writeHead(302, { location: 'https://elsewhere.example' }).end()
      if (request.headers.range) {
        reply.writeHead(206, { 'content-range': 'bytes 0-3/4' }).end('GGUF')
        return
      }
      reply.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
    })
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      asked.push({ target: request.url ?? '', login: request.headers['proxy-authorization'] })
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      const far = connect((target.address() as AddressInfo).port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        far.pipe(socket).pipe(far)
      })
      for (const end of [far, socket]) end.on('error', () => undefined)
    })
    for (const server of [target, proxy]) {
      servers.push(server as Server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    proxyPort = (proxy.address() as AddressInfo).port
  })
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    asked = []
    status = 200
  })

  async function wayWith(changes: Partial<Settings>, env: Record<string, string> = {}) {
    const way = createWayOut(env)
    const settings: Settings = { ...DEFAULT_SETTINGS, publicName: 'x', ...changes }
    const told: string[] = []
    await followWayOut({ get: () => settings, onChange: () => () => undefined }, way, {
      write: (_level, code) => void told.push(code),
    })
    return { way, told }
  }
  const resolve = async () => Promise.reject(new Error('a name was looked up here'))

  it('goes through the proxy and believes the operator’s certificates: coordinator, shards, map and updates', async () => {
    const { way } = await wayWith({ proxyUrl: `http://127.0.0.1:${proxyPort}`, caFile })
    const coordinator = createCoordinatorFetch({ way, resolve })
    expect(await (await coordinator('https://far.example/network/info')).json()).toEqual({ ok: true })
    const ranges = createRangeClient({ way })
    const taken: Buffer[] = []
    await ranges.read(
      new URL('https://far.example/model.gguf'),
      { offset: 0, sizeBytes: 4, totalBytes: 4 },
      (bytes) => void taken.push(Buffer.from(bytes)),
      AbortSignal.timeout(10_000),
    )
    expect(Buffer.concat(taken).toString()).toBe('GGUF')
    ranges.close()
    const small = createWayFetch(way)
    expect(await (await small('https://far.example/api/v1/state', { redirect: 'error' })).json()).toEqual({ ok: true })
    await expect(small('https://far.example/moved', { redirect: 'error' })).rejects.toThrow('redirects')
    expect(new Set(asked.map(({ target }) => target))).toEqual(new Set(['far.example:443']))
    expect(asked.length).toBeGreaterThan(0)
  })

  it('honours HTTPS_PROXY with its name and password, and refuses a certificate that nobody trusts', async () => {
    const { way } = await wayWith({}, { HTTPS_PROXY: `http://kim:p%40ss@127.0.0.1:${proxyPort}` })
    const coordinator = createCoordinatorFetch({ way, resolve })
    await expect(coordinator('https://far.example/')).rejects.toThrow(/certificate/)
    expect(asked).toEqual([{ target: 'far.example:443', login: `Basic ${Buffer.from('kim:p@ss').toString('base64')}` }])
  })

  it('says what the proxy said, and keeps to the rules for addresses that are written out', async () => {
    const { way } = await wayWith({ proxyUrl: `http://127.0.0.1:${proxyPort}`, caFile })
    const coordinator = createCoordinatorFetch({ way, resolve })
    status = 407
    await expect(coordinator('https://far.example/')).rejects.toMatchObject({
      code: 'PROXY_FAILED',
      message: expect.stringContaining('name and a password'),
    })
    await expect(coordinator('https://169.254.169.254/')).rejects.toMatchObject({ code: 'COORDINATOR_PRIVATE' })
    expect(asked).toHaveLength(1)
  })

  it('is told when the certificates cannot be read, at the time they are chosen and at the start', async () => {
    const empty = join(folder, 'empty.pem')
    await writeFile(empty, 'nothing')
    for (const path of [empty, folder, join(folder, 'none.pem')])
      await expect(readTrusted(path)).rejects.toMatchObject({ code: 'CA_UNUSABLE' })
    expect((await readTrusted(caFile)).length).toBeGreaterThan(50)
    expect((await wayWith({ caFile: empty })).told).toEqual(['web.certificates.failed'])
  })
})
