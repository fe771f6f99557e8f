import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chromium } from './chromium-process'
import { DevTools } from './devtools'
import type { FakePage, PageBackend, PageHooks } from './fake-types'
import type { FakeWindow } from './fake-window'
import { pageWorldSource, preloadWorldSource } from './page-runtime.mjs'

/** Electron's name of the world in which preloads run. */
const PRELOAD_WORLD = 'Electron Isolated Context'

/** Electron's names and DevTools' types of the permissions that a test can try. */
const PERMISSIONS = [
  { name: 'notifications', type: 'notifications' },
  { name: 'clipboard-read', type: 'clipboardReadWrite' },
  { name: 'geolocation', type: 'geolocation' },
] as const

/** A page without an address asks for nothing. */
const NO_REQUEST_MS = 2_000

interface PausedRequest {
  requestId: string
  frameId: string
  resourceType: string
  redirectedRequestId?: string
  request: { url: string; method: string }
}
interface OpenPage {
  window: FakeWindow
  mainFrame: string
  /** Of the preload's world in the current document; null between documents. */
  preloadContext: number | null
  /** The app's own navigation, which asks nobody. */
  expectedUrl: string | null
}

/** Chromium knows no schemes of ours, so `app://ui/x` travels as `https://ui.app.shim/x`; see `toAppUrl`. */
const toWebUrl = (url: string) =>
  url.replace(/^(app):\/\/([^/]+)/, (_all, scheme, host) => `https://${host}.${scheme}.shim`)
const toAppUrl = (url: string) => url.replace(/^https:\/\/([^/]+)\.(app)\.shim/, '$2://$1')

/** Gives fake windows real pages: one Chromium target each, in which the built preload and page run. */
export async function createChromiumBackend(
  chromium: Chromium,
  hooks: PageHooks,
  onQuit: (exitCode: number) => void,
): Promise<PageBackend> {
  const devTools = await DevTools.connect(chromium.endpoint)
  const pages = new Map<string, OpenPage>()
  /** Of pages that nobody wanted: their first request was refused. */
  const refusals = new Map<string, () => void>()
  const secret = randomBytes(16).toString('hex')
  const binding = `send${secret}`
  const quietly = (work: Promise<unknown>) => void work.catch(() => undefined)

  devTools.on('Target.attachedToTarget', (params, parentSession) => {
    if (parentSession !== undefined) return
    const { sessionId, targetInfo } = params
    if (targetInfo.type === 'page' && targetInfo.openerId !== undefined) {
      // A page asked for a window. The shim has no way to give one, so even a permission is a failure.
      const opener = [...pages.values()].find(({ mainFrame }) => mainFrame === targetInfo.openerId)
      if (opener?.window.webContents.mayOpen(toAppUrl(targetInfo.url))) {
        process.stderr.write('electron-shim: a page was allowed to open a window\n')
      }
      quietly(closeUnused(targetInfo.targetId, sessionId))
      return
    }
    quietly(devTools.send('Runtime.runIfWaitingForDebugger', {}, sessionId))
  })

  /** It may share its process with the page that asked, so it must run on to be closed; but it gets to load nothing. */
  async function closeUnused(targetId: string, sessionId: string): Promise<void> {
    await devTools.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }, sessionId)
    // Whoever lets go of a request that waits lets it through: it is refused first, and then the page is closed.
    const refused = new Promise<void>((resolve) => refusals.set(sessionId, resolve))
    await devTools.send('Runtime.runIfWaitingForDebugger', {}, sessionId)
    await Promise.race([refused, sleep(NO_REQUEST_MS)])
    refusals.delete(sessionId)
    await devTools.send('Target.closeTarget', { targetId })
  }
  devTools.on('Runtime.executionContextCreated', ({ context }, sessionId) => {
    const page = pages.get(sessionId)
    if (page && context.name === PRELOAD_WORLD && context.auxData?.frameId === page.mainFrame) {
      page.preloadContext = context.id
    }
  })
  devTools.on('Runtime.executionContextsCleared', (_params, sessionId) => {
    const page = pages.get(sessionId)
    if (page) page.preloadContext = null
  })
  devTools.on('Inspector.targetCrashed', (_params, sessionId) => {
    const page = pages.get(sessionId)
    if (!page) return
    page.preloadContext = null
    hooks.crashed(page.window.webContents)
  })
  devTools.on('Runtime.bindingCalled', (params, sessionId) => {
    const page = pages.get(sessionId)
    if (page && params.name === binding) quietly(answerCall(page, sessionId, params))
  })
  devTools.on('Fetch.requestPaused', (params: PausedRequest, sessionId) => {
    const page = pages.get(sessionId)
    const refusal = { requestId: params.requestId, errorReason: 'BlockedByClient' }
    if (page) return quietly(answerRequest(page, sessionId, params))
    quietly(devTools.send('Fetch.failRequest', refusal, sessionId).finally(() => refusals.get(sessionId)?.()))
  })
  devTools.on('Page.frameNavigated', ({ frame }, sessionId) => {
    const page = pages.get(sessionId)
    if (page && frame.id === page.mainFrame) page.window.webContents.mainFrame.url = toAppUrl(frame.url)
  })
  // Every new target waits until it has been looked at, so that a page's window never loads anything.
  await devTools.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })

  async function answerCall(
    page: OpenPage,
    sessionId: string,
    params: { payload: string; executionContextId: number },
  ) {
    const { id, channel, args, url } = JSON.parse(params.payload)
    const contents = page.window.webContents
    const frame = { url: toAppUrl(url), frameTreeNodeId: contents.mainFrame.frameTreeNodeId }
    const reply = await hooks.invoke(contents, channel, args, frame).then(
      (value) => ({ ok: true, value }),
      (error: Error) => ({ ok: false, value: error.message }),
    )
    const expression = `electronShim.settle(${id}, ${reply.ok}, ${JSON.stringify(reply.value) ?? 'undefined'})`
    await devTools.send('Runtime.evaluate', { expression, contextId: params.executionContextId }, sessionId)
  }

  async function answerRequest(page: OpenPage, sessionId: string, paused: PausedRequest): Promise<void> {
    const { requestId } = paused
    const url = toAppUrl(paused.request.url)
    const fail = (errorReason: string) => devTools.send('Fetch.failRequest', { requestId, errorReason }, sessionId)
    if (paused.resourceType === 'Document') {
      const isMainFrame = paused.frameId === page.mainFrame
      const isExpected = isMainFrame && url === page.expectedUrl
      const { webContents } = page.window
      const isRedirect = paused.redirectedRequestId !== undefined
      if (isExpected) page.expectedUrl = null
      else if (isRedirect ? !webContents.mayRedirect(url) : !webContents.mayNavigate(url, isMainFrame)) {
        return void (await fail('Aborted'))
      }
    }
    const answer = await hooks
      .request(url, paused.request.method, page.window.webContents)
      .catch((error: unknown) => new Response(String(error), { status: 500 }))
    if (answer === 'cancelled') return void (await fail('BlockedByClient'))
    if (answer === 'network') return void (await devTools.send('Fetch.continueRequest', { requestId }, sessionId))
    const body = Buffer.from(await answer.arrayBuffer()).toString('base64')
    const responseHeaders = [...answer.headers].map(([name, value]) => ({ name, value }))
    await devTools.send(
      'Fetch.fulfillRequest',
      { requestId, responseCode: answer.status, responseHeaders, body },
      sessionId,
    )
  }

  /** Chromium asks nobody here, so what the app would grant is granted beforehand. */
  async function grantPermissions({ webContents }: FakeWindow, origin: string): Promise<void> {
    const permissions = PERMISSIONS.filter(({ name }) => hooks.permission(webContents, name)).map(({ type }) => type)
    // A `data:` page has no origin that anything could be granted to.
    if (permissions.length > 0 && origin !== 'null')
      await devTools.send('Browser.grantPermissions', { origin, permissions })
  }

  async function openPage(window: FakeWindow): Promise<FakePage> {
    const { width = 800, height = 600, webPreferences = {} } = window.options
    const { targetId } = await devTools.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      newWindow: true,
      width,
      height,
    })
    const { sessionId } = await devTools.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    })
    const page: OpenPage = { window, mainFrame: targetId, preloadContext: null, expectedUrl: null }
    pages.set(sessionId, page)
    const tell = (method: string, params: object = {}) => devTools.send(method, params, sessionId)
    await tell('Runtime.addBinding', { name: binding, executionContextName: PRELOAD_WORLD })
    await tell('Page.enable')
    await tell('Runtime.enable')
    await tell('Inspector.enable')
    await tell('Fetch.enable', { patterns: [{ urlPattern: '*' }] })
    await tell('Page.addScriptToEvaluateOnNewDocument', { source: pageWorldSource(secret) })
    if (webPreferences.preload !== undefined) {
      const source = preloadWorldSource(secret, binding, readFileSync(webPreferences.preload, 'utf8'))
      await tell('Page.addScriptToEvaluateOnNewDocument', { source, worldName: PRELOAD_WORLD })
    }
    return {
      targetId,
      async navigate(url) {
        await grantPermissions(window, new URL(toWebUrl(url)).origin)
        page.expectedUrl = url
        await tell('Page.navigate', { url: toWebUrl(url) })
      },
      send(channel, args) {
        if (page.preloadContext === null) return
        const expression = `electronShim.deliver(${JSON.stringify(channel)}, ${JSON.stringify(args)})`
        quietly(tell('Runtime.evaluate', { expression, contextId: page.preloadContext }))
      },
      async close() {
        pages.delete(sessionId)
        await devTools.send('Target.closeTarget', { targetId }).catch(() => undefined)
      },
    }
  }

  return {
    openPage,
    async quit(exitCode) {
      await devTools.send('Browser.close').catch(() => undefined)
      devTools.close()
      const timer = setTimeout(() => chromium.kill(), 3_000)
      await chromium.exited
      clearTimeout(timer)
      onQuit(exitCode)
    },
  }
}
