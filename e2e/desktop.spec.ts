import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, type ElectronApplication, expect, type Page, test } from '@playwright/test'
import type { NodeStatus } from '../src-shared/status'
import { SCREENSHOT_DIR } from './support/page-test'

const root = fileURLToPath(new URL('..', import.meta.url))
/** A real Electron where there is one; otherwise what stands in for it (electron-shim/README.md says what that shows). */
const executablePath = process.env.ELECTRON_EXEC_PATH ?? join(root, 'e2e/electron-shim/bin/electron')

let dataDir: string
let app: ElectronApplication
let host: ChildProcess
let page: Page
let complaints: string[]

test.beforeAll(() => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-once.mjs')], { stdio: 'inherit' })
  expect(status).toBe(0)
})
test.beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'espalier-desktop-'))
  await launch()
})
test.afterEach(async () => {
  // A test that failed half-way must not leave its node behind.
  if (host.exitCode === null && host.signalCode === null) {
    const exited = new Promise((resolve) => host.once('exit', resolve))
    host.kill('SIGTERM')
    await exited
  }
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

async function launch(): Promise<void> {
  app = await _electron.launch({
    executablePath,
    args: [root],
    env: { ...(process.env as Record<string, string>), ESPALIER_DATA_DIR: dataDir },
  })
  host = app.process()
  complaints = []
  page = await app.firstWindow()
  page.on('pageerror', (error) => complaints.push(String(error)))
  await expect(heading()).toBeVisible()
}
const heading = () => page.getByRole('heading', { level: 1 })

/** The answer to a call of the page's own bridge. */
async function call<T = unknown>(method: string, input: unknown = {}): Promise<T> {
  const reply = await page.evaluate(([name, given]) => window.espalier?.call(name as 'status.get', given), [
    method,
    input,
  ] as const)
  if (!reply?.ok) throw new Error(`${method}: ${JSON.stringify(reply)}`)
  return reply.value as T
}
const status = () => call<NodeStatus>('status.get')

async function answerQuestions(button: number): Promise<void> {
  await app.evaluate(({ dialog }, response) => {
    dialog.showMessageBox = async () => ({ response, checkboxChecked: false })
  }, button)
}

/** Ids of the processes below one, on systems that tell. */
async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = text.split(' ').filter(Boolean).map(Number)
  return [...children, ...(await Promise.all(children.map(descendants))).flat()]
}
const lives = async (pid: number) =>
  !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ'))

/** The stand-in's browser outlives a parent that was killed, as no part of a real Electron does. */
async function killBrowsers(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^[^\0]*chrom/.test(command)) spawnSync('kill', ['-9', `${pid}`])
  }
}

test('a demo node is started, serves, is stopped, and is as it was left at the next start', async () => {
  test.setTimeout(180_000)
  expect((await status()).phase).toBe('stopped')
  await call('network.join', { kind: 'demo' })
  // During the first run there are no commands; they come with the menu of pages.
  await expect(page.getByRole('button', { name: /^Commands/ })).toBeVisible()
  // Chosen in the menu of the system, done by the page.
  const choose = (id: string) =>
    app.evaluate(({ Menu }, item) => Menu.getApplicationMenu()?.getMenuItemById(item)?.click(), id)
  await choose('palette')
  const commands = page.getByRole('combobox', { name: 'Go to a page, or do something' })
  await expect(commands).toBeFocused()
  await page.keyboard.press('Escape')
  await choose('shortcuts')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await choose('palette')
  await page.keyboard.press('Escape')
  await expect(commands).toHaveCount(0)

  // Nothing is asked any more: from here on the page hears of the node by events.
  await expect(heading()).toHaveText(/^Serving blocks/, { timeout: 90_000 })
  await expect(page.getByText(/Demo/i).first()).toBeVisible()
  await page.screenshot({ path: join(SCREENSHOT_DIR, 'desktop-serving.png') })

  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(heading()).toHaveText('Stopped', { timeout: 30_000 })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(heading()).toHaveText(/^Serving blocks/, { timeout: 90_000 })

  const pid = host.pid ?? 0
  const below = await descendants(pid)
  await answerQuestions(0)
  const exited = new Promise((resolve) => host.once('exit', resolve))
  await app.close()
  expect(await exited).toBe(0)
  for (const child of below) expect(await lives(child), `process ${child} is left`).toBe(false)
  expect(await readFile(join(dataDir, 'logs/espalier.log'), 'utf8')).toContain('node.running')

  await launch()
  await expect.poll(async () => (await status()).phase, { timeout: 30_000 }).toMatch(/^(starting|running)$/)
  expect(complaints).toEqual([])
  await app.close()
})

test('quitting while others use the node is asked about, and can be taken back', async () => {
  test.setTimeout(120_000)
  await call('network.join', { kind: 'demo' })
  await expect(heading()).toHaveText(/^Serving blocks/, { timeout: 90_000 })
  await answerQuestions(1)
  await app.evaluate((electron) => electron.app.quit())
  await page.waitForTimeout(500)
  expect((await status()).shape).toBe('visible')
  await answerQuestions(0)
  await app.close()
})

test('a second start does not get a second node’s identity', async () => {
  const settings = await call<{ publicName: string }>('settings.get')
  expect(settings.publicName).not.toBe('')
  await call('settings.save', { publicName: 'attic-pc' })
  await app.close()
  await launch()
  expect(await call('settings.get')).toMatchObject({ publicName: 'attic-pc' })
  await app.close()
})

test('an app that is killed again and again starts in safe mode, and the operator starts the node', async () => {
  test.skip(process.platform === 'win32', 'there is no SIGKILL')
  test.setTimeout(180_000)
  await call('network.join', { kind: 'demo' })
  for (let start = 1; start <= 3; start++) {
    const below = await descendants(host.pid ?? 0)
    const gone = new Promise((resolve) => host.once('exit', resolve))
    host.kill('SIGKILL')
    await gone
    await killBrowsers(below)
    const left = async () => (await Promise.all(below.map(lives))).some(Boolean)
    await expect.poll(left, { timeout: 30_000 }).toBe(false)
    await launch()
  }
  await expect(heading()).toHaveText('Safe mode')
  await expect(page.getByText('ended by itself several times in a row').first()).toBeVisible()
  expect((await status()).phase).toBe('stopped')
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByText('APP_CRASH_LOOP')).toBeVisible()
  await page.getByRole('button', { name: 'Start normally' }).click()
  await expect.poll(async () => (await status()).phase, { timeout: 60_000 }).toBe('running')
  await expect(page.getByText('APP_CRASH_LOOP')).toHaveCount(0)
  await answerQuestions(0)
  await app.close()
})

test('a page whose process ends is loaded again, and the app goes on', async () => {
  test.skip(process.env.ELECTRON_EXEC_PATH !== undefined, 'DevTools are not at hand there')
  const session = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  // The one who is asked cannot answer any more.
  void session.send('Page.crash').catch(() => undefined)
  await crashed
  const title = async () => {
    const { result } = await session.send('Runtime.evaluate', {
      expression: 'document.querySelector("h1")?.textContent',
    })
    return result.value
  }
  await expect.poll(() => title().catch(() => null)).toMatch(/^Lend a branch/)
  expect(await readFile(join(dataDir, 'logs/espalier.log'), 'utf8')).toContain('error shell.page.gone')
  await app.close()
})

test.describe('D-T37: a hostile script in the page', () => {
  let server: Server
  let hits: string[]
  let elsewhere: string

  test.beforeEach(async () => {
    hits = []
    server = createServer((request, response) => {
      hits.push(request.url ?? '')
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('reached')
    })
    server.on('upgrade', (request, socket) => {
      hits.push(request.url ?? '')
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    elsewhere = `127.0.0.1:${(server.address() as AddressInfo).port}`
    // The bait is really there.
    expect(await (await fetch(`http://${elsewhere}/control`)).text()).toBe('reached')
    hits = []
  })
  test.afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await app.close()
  })

  test('M-16: reaches no network, by any way that pages have', async () => {
    const before = page.url()
    const outcome = await page.evaluate(async (host) => {
      const failed = (work: () => Promise<unknown>) =>
        work().then(
          () => 'reached',
          () => 'failed',
        )
      const loads = (element: HTMLElement, attribute: string, path: string) =>
        new Promise((resolve, reject) => {
          element.onload = resolve
          element.onerror = reject
          element.setAttribute(attribute, `http://${host}/${path}`)
          document.body.append(element)
        })
      return {
        fetch: await failed(() => fetch(`http://${host}/fetch`)),
        noCors: await failed(() => fetch(`http://${host}/no-cors`, { mode: 'no-cors' })),
        socket: await failed(
          () =>
            new Promise((resolve, reject) => {
              const socket = new WebSocket(`ws://${host}/socket`)
              socket.onopen = resolve
              socket.onerror = reject
            }),
        ),
        events: await failed(
          () =>
            new Promise((resolve, reject) => {
              const source = new EventSource(`http://${host}/events`)
              source.onopen = resolve
              source.onerror = reject
            }),
        ),
        image: await failed(() => loads(document.createElement('img'), 'src', 'image')),
        style: await failed(() => {
          const link = document.createElement('link')
          link.rel = 'stylesheet'
          return loads(link, 'href', 'style')
        }),
        script: await failed(() => loads(document.createElement('script'), 'src', 'script')),
        worker: await failed(async () => new Worker(`http://${host}/worker`)),
      }
    }, elsewhere)
    expect(new Set(Object.values(outcome)), JSON.stringify(outcome)).toEqual(new Set(['failed']))
    await page.evaluate((host) => {
      const frame = document.createElement('iframe')
      frame.src = `http://${host}/frame`
      document.body.append(frame)
      navigator.sendBeacon(`http://${host}/beacon`, 'x')
      const form = document.createElement('form')
      form.action = `http://${host}/form`
      document.body.append(form)
      form.submit()
    }, elsewhere)
    await page.evaluate((host) => void window.open(`http://${host}/window`), elsewhere)
    await page.evaluate((host) => void location.assign(`http://${host}/navigation`), elsewhere)
    await page.waitForTimeout(1_000)
    expect(hits).toEqual([])
    expect(page.url()).toBe(before)
    expect(app.windows()).toHaveLength(1)
    expect((await status()).phase).toBe('stopped')
  })

  test('reaches no file and no key', async () => {
    const found = await page.evaluate(async () => {
      const world = window as unknown as Record<string, unknown>
      const read = async (url: string) =>
        fetch(url)
          .then((answer) => answer.text())
          .catch(() => null)
      return {
        globals: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer', 'electronShim'].filter(
          (name) => world[name] !== undefined,
        ),
        files: await Promise.all(
          ['file:///etc/passwd', 'app://ui/../identity.key', '/%2e%2e/identity.key', '/index.html'].map(read),
        ),
        // Later, because what a debugger evaluates by itself is exempt from the page's policy.
        evaluated: await new Promise((resolve) => {
          setTimeout(() => {
            try {
              // biome-ignore lint/security/noGlobalEval: that is what is tried
              resolve(eval('1 + 1'))
            } catch {
              resolve(null)
            }
          })
        }),
        markup: (() => {
          try {
            document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.caught = 1">')
            return 'inserted'
          } catch {
            return null
          }
        })(),
      }
    })
    expect(found).toEqual({ globals: [], files: [null, null, null, null], evaluated: null, markup: null })
  })

  test('has of the bridge what the page has, and cannot widen or replace it', async () => {
    const bridge = await page.evaluate(async () => {
      const api = window.espalier as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
      const attempt = async (method: unknown, input: unknown = {}) => {
        try {
          return await api.call?.(method, input)
        } catch (error) {
          return String(error)
        }
      }
      const original = api.call
      try {
        api.call = async () => 'replaced'
      } catch {
        // Frozen, as it should be.
      }
      let kept = true
      try {
        Object.defineProperty(window, 'espalier', { value: {} })
        kept = false
      } catch {
        // Neither can all of it.
      }
      return {
        names: Object.keys(api).toSorted(),
        kept: kept && api.call === original,
        unknown: await Promise.all(
          ['fs.read', 'identity.read', 'constructor', '__proto__', 'espalier:call', ['status.get'], null].map((name) =>
            attempt(name),
          ),
        ),
        badInput: await attempt('settings.save', { network: { kind: 'coordinator', url: 'http://x' } }),
        tooLong: await attempt('network.preview', { url: 'x'.repeat(300_000) }),
        settings: JSON.stringify(await attempt('settings.get')),
      }
    })
    expect(bridge.names).toEqual(['call', 'kind', 'subscribe'])
    expect(bridge.kept).toBe(true)
    for (const answer of bridge.unknown) expect(answer).toMatch(/no such call/)
    expect(bridge.badInput).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    expect(bridge.tooLong).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    expect(bridge.settings).not.toMatch(/private|secret|"token/i)
  })

  test('gets no permission', async () => {
    const granted = await page.evaluate(async () => {
      const tries = {
        notifications: async () => (await Notification.requestPermission()) === 'granted',
        clipboard: async () => navigator.clipboard.readText().then(() => true),
        camera: async () => navigator.mediaDevices.getUserMedia({ video: true }).then(() => true),
      }
      const results = Object.entries(tries).map(async ([name, work]) => [name, await work().catch(() => false)])
      return Object.fromEntries(await Promise.all(results))
    })
    expect(granted).toEqual({ notifications: false, clipboard: false, camera: false })
  })
})
