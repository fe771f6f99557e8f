import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { DEFAULT_SETTINGS, type Settings } from '../../src-shared/settings'
import { createEventLog } from '../storage/event-log'
import { confineDemo } from './confine-demo'
import { createProgramApi, type ProgramApi } from './program-api'

let directory: string
const releases: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'program-api-'))
})
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
  await rm(directory, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? Math.min(address.port, 64_000) : 40_000
}

async function open(changes: Partial<Settings>) {
  let settings: Settings = { ...DEFAULT_SETTINGS, publicName: 'x', ...changes }
  const listeners = new Set<(settings: Settings) => void>()
  const api: ProgramApi = await createProgramApi({
    clock: systemClock,
    log: createEventLog(systemClock, null),
    keyFile: join(directory, 'api.key'),
    node: () => null,
    bounds: confineDemo(undefined, () => settings.network),
    settings: {
      get: () => settings,
      onChange(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  })
  releases.push(() => api.dispose())
  return {
    api,
    change(more: Partial<Settings>) {
      settings = { ...settings, ...more }
      for (const listener of listeners) listener(settings)
    },
  }
}

const answers = async ({ url, key }: ReturnType<ProgramApi['view']>) => {
  const response = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${key}` } })
  return response.status === 200
}

it('opens on loopback with a key that is made once and is the owner’s alone', async () => {
  const apiPort = await freePort()
  const { api } = await open({ apiPort })
  const view = api.view()
  expect(view.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  expect(view.key).toMatch(/^sk-.{32,}$/)
  expect(await answers(view)).toBe(true)
  const file = join(directory, 'api.key')
  expect((await readFile(file, 'utf8')).trim()).toBe(view.key)
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).toBe(0)
  const second = await open({ apiPort })
  // The port is taken, so the next one is used; the key stays.
  expect(second.api.view().key).toBe(view.key)
  expect(second.api.view().url).not.toBe(view.url)
  expect(await answers(second.api.view())).toBe(true)
})

it('H-14: listens on 127.0.0.1 alone unless the local network was chosen: elsewhere it is refused', async (context) => {
  const away = awayAddress()
  if (away === null) return context.skip('this computer has one address only')
  const { api, change } = await open({ apiPort: await freePort() })
  const reaches = (host: string, port: number) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, host, () => resolve('open'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.on('close', () => socket.destroy())
      socket.on('connect', () => socket.end())
    })
  const portOf = (view: ReturnType<ProgramApi['view']>) => Number(new URL(view.url ?? '').port)
  expect(new URL(api.view().url ?? '').hostname).toBe('127.0.0.1')
  expect(await reaches('127.0.0.1', portOf(api.view()))).toBe('open')
  expect(await reaches(away, portOf(api.view()))).toBe('ECONNREFUSED')
  change({ apiAccess: 'lan' })
  expect(await reaches(away, portOf(await api.settled()))).toBe('open')
  change({ apiAccess: 'loopback' })
  expect(await reaches(away, portOf(await api.settled()))).toBe('ECONNREFUSED')
})

/** An address of this computer that 127.0.0.1 does not answer for. On Linux all of 127/8 is this computer. */
function awayAddress(): string | null {
  const own = Object.values(networkInterfaces()).flatMap((found = []) => found)
  const away = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  return away ?? (process.platform === 'linux' ? '127.0.0.2' : null)
}

it('closes and opens again as the settings say, while the app runs', async () => {
  const { api, change } = await open({ apiPort: await freePort() })
  const before = api.view()
  change({ apiAccess: 'off' })
  expect((await api.settled()).url).toBeNull()
  await expect(answers(before)).rejects.toThrow()
  change({ apiAccess: 'loopback' })
  expect(await answers(await api.settled())).toBe(true)
  await api.dispose()
  await expect(answers(before)).rejects.toThrow()
})

it('says why it could not open, and opens at another port when one is chosen', async () => {
  const first = (await freePort()) - 20
  const takers = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const taker = createServer()
      await new Promise((resolve) => {
        taker.once('error', resolve)
        taker.listen(first + index, '127.0.0.1', () => resolve(null))
      })
      return taker
    }),
  )
  releases.push(async () => {
    await Promise.all(takers.map((taker) => new Promise((resolve) => taker.close(resolve))))
  })
  const { api, change } = await open({ apiPort: first })
  expect(api.view()).toMatchObject({ url: null, key: null, error: { code: 'PORT_TAKEN' } })
  change({ apiPort: await freePort() })
  expect(await api.settled()).toMatchObject({ url: expect.any(String), error: null })
})
