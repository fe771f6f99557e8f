import { afterEach, describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { IPC_CALL_CHANNEL, IPC_EVENT_CHANNEL } from '../../src-shared/ipc-envelope'
import { START_URL } from './app-protocol'
import { startTestShell, type TestShell, type TestShellOptions } from './testing/test-shell'

let shell: TestShell
async function ready(options: TestShellOptions = {}): Promise<TestShell> {
  shell = await startTestShell(options)
  await shell.becomeReady()
  return shell
}
afterEach(() => shell.remove())

const ELSEWHERE = [
  'https://example.org/',
  'http://ui/index.html',
  'file:///etc/passwd',
  'app://other/index.html',
  'app://ui.example.org/index.html',
  'app://ui@example.org/',
  'app://user@ui/index.html',
  'javascript:alert(1)',
  'data:text/html,x',
  'not a url',
]

describe('D-T37: what a page can reach', () => {
  it('sandboxes every renderer, before Electron is ready', async () => {
    shell = await startTestShell()
    expect(shell.fake.app.isSandboxed).toBe(true)
    expect(shell.fake.app.isReady()).toBe(false)
    await shell.becomeReady()
    expect(shell.window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
    })
  })

  it('denies every permission, asked, looked up and of devices', async () => {
    const { permissions } = (await ready()).fake
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'fileSystem',
      'unknown',
    ] as const) {
      const answers: boolean[] = []
      permissions.request?.({} as never, permission, (granted) => void answers.push(granted), {} as never)
      expect(answers).toEqual([false])
      expect(permissions.check?.(null, permission, START_URL, {} as never)).toBe(false)
    }
    expect(permissions.device?.({ deviceType: 'usb', origin: START_URL } as never)).toBe(false)
  })

  it.each(ELSEWHERE)('refuses to navigate, redirect, embed or request %s', async (url) => {
    const { window, fake } = await ready()
    expect(window.webContents.mayNavigate(url)).toBe(false)
    expect(window.webContents.mayNavigate(url, false)).toBe(false)
    expect(window.webContents.mayRedirect(url)).toBe(false)
    if (URL.canParse(url)) expect(await fake.request(url, 'GET', window.webContents)).toBe('cancelled')
  })

  it('navigates and requests within itself, but not in a frame', async () => {
    const { window, fake } = await ready()
    expect(window.webContents.mayNavigate(START_URL)).toBe(true)
    expect(window.webContents.mayNavigate(START_URL, false)).toBe(false)
    expect(await fake.request(START_URL, 'GET', window.webContents)).toBeInstanceOf(Response)
  })

  it('C-23: opens the coordinator’s dashboard in the system’s browser, and never in a window', async () => {
    const { window, fake } = await ready({
      settings: { network: { kind: 'coordinator', url: 'https://orchard.example' } },
    })
    for (const url of [
      'https://orchard.example/dashboard',
      'https://elsewhere.example/dashboard',
      'file:///etc/passwd',
    ]) {
      expect(window.webContents.mayOpen(url)).toBe(false)
    }
    await expect.poll(() => fake.app.openedOutside).toEqual(['https://orchard.example/dashboard'])
  })

  it('opens no window, attaches no webview, saves no download', async () => {
    const { window, fake } = await ready()
    expect(window.webContents.mayOpen(START_URL)).toBe(false)
    expect(window.webContents.mayOpen('https://example.org/')).toBe(false)
    expect(window.webContents.mayAttachWebview()).toBe(false)
    let prevented = false
    fake.session.emit('will-download', { preventDefault: () => (prevented = true) })
    expect(prevented).toBe(true)
  })
})

describe('app://', () => {
  const get = async (url: string, method = 'GET') => {
    const answer = await shell.fake.request(url, method, shell.window.webContents)
    if (!(answer instanceof Response)) throw new Error(answer)
    return answer
  }

  it('M-16: answers with the page under a policy that lets scripts fetch nothing', async () => {
    await ready()
    const answer = await get('app://ui/')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('Espalier')
    const policy = answer.headers.get('Content-Security-Policy')
    expect(policy?.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "connect-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
      ]),
    )
    expect(policy).not.toContain('unsafe')
    expect(answer.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it.each([
    'app://ui/../identity.key',
    'app://ui/%2e%2e/identity.key',
    'app://ui/..%2fidentity.key',
    'app://ui/%2e%2e%2fidentity.key',
    'app://ui/..%5cidentity.key',
    'app://ui//etc/passwd',
    'app://ui/%00',
    'app://ui/%zz',
    'app://ui/no-such-file.js',
  ])('%s is not there, and its refusal has the same policy', async (url) => {
    await ready()
    const answer = await get(url)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toBe('')
    expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
  })

  it('takes nothing but GET', async () => {
    await ready()
    expect((await get(START_URL, 'POST')).status).toBe(405)
  })
})

describe('IPC', () => {
  const status = JSON.stringify({ method: 'status.get', input: {} })

  it('answers our own page', async () => {
    await ready()
    expect(await shell.call(status)).toMatchObject({ ok: true, value: { headline: 'Stopped' } })
  })

  it.each(ELSEWHERE)('refuses a frame at %s', async (url) => {
    await ready()
    expect(await shell.call(status, { url })).toMatchObject({ ok: false, error: { code: 'BRIDGE_FORBIDDEN' } })
  })

  it('refuses a frame inside our page, and contents that are not our window’s', async () => {
    const { fake, window, call } = await ready()
    const refusal = { ok: false, error: { code: 'BRIDGE_FORBIDDEN' } }
    expect(await call(status, { isMainFrame: false })).toMatchObject(refusal)
    const stranger = new fake.module.BrowserWindow()
    const frame = { url: START_URL, frameTreeNodeId: stranger.webContents.mainFrame.frameTreeNodeId }
    const text = await fake.invoke(stranger.webContents, IPC_CALL_CHANNEL, [status], frame)
    expect(JSON.parse(text as string)).toMatchObject(refusal)
    expect(window.isDestroyed()).toBe(false)
  })

  it('D-T37: has one channel, and refuses what is not a call on it without calling anything', async () => {
    const { fake, scripted, call } = await ready()
    for (const message of [
      undefined,
      null,
      7,
      {},
      ['x'],
      'x',
      '{}',
      '{"method":7}',
      '{"method":"status.get","input":{},"x":1}',
    ]) {
      expect(await call(message)).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    }
    const long = JSON.stringify({ method: 'node.start', input: { filler: 'é'.repeat(MAX_MESSAGE_BYTES / 2) } })
    expect(await call(long)).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    expect(await call(JSON.stringify({ method: 'fs.read', input: {} }))).toMatchObject({
      ok: false,
      error: { code: 'BRIDGE_UNKNOWN_METHOD' },
    })
    expect(scripted.app.handlers['node.start']).not.toHaveBeenCalled()
    const frame = { url: START_URL, frameTreeNodeId: shell.window.webContents.mainFrame.frameTreeNodeId }
    await expect(fake.invoke(shell.window.webContents, 'fs:read', [], frame)).rejects.toThrow('No handler registered')
  })

  it('tells the window what changes', async () => {
    const { scripted, window } = await ready()
    scripted.change({ theme: 'dark' })
    expect(window.webContents.sent.map(({ channel }) => channel)).toContain(IPC_EVENT_CHANNEL)
    const texts = window.webContents.sent.map(({ args }) => JSON.parse(args[0] as string))
    expect(texts).toContainEqual({ event: 'settings', payload: expect.objectContaining({ theme: 'dark' }) })
  })
})
