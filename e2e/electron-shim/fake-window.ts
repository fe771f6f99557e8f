import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, WebContents } from 'electron'
import type { FakeFrame, FakePage, Like, PageBackend } from './fake-types'

type WindowOpenHandler = Parameters<WebContents['setWindowOpenHandler']>[0]

let nextId = 1

export class FakeWebContents
  extends EventEmitter
  implements Like<WebContents, 'getURL' | 'isDestroyed' | 'setWindowOpenHandler' | 'send' | 'close' | 'id'>
{
  readonly id = nextId++
  readonly mainFrame: FakeFrame = { url: '', frameTreeNodeId: nextId++ }
  /** Everything that was sent to the page, as it would arrive there. */
  readonly sent: { channel: string; args: unknown[] }[] = []
  page: FakePage | null = null
  destroyed = false
  #openHandler: WindowOpenHandler | null = null

  constructor(private readonly window: { close(): void }) {
    super()
  }

  getURL(): string {
    return this.mainFrame.url
  }
  isDestroyed(): boolean {
    return this.destroyed
  }
  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#openHandler = handler
  }
  send(channel: string, ...args: unknown[]): void {
    if (this.destroyed) throw new TypeError('Object has been destroyed')
    const copy = structuredClone(args)
    this.sent.push({ channel, args: copy })
    this.page?.send(channel, copy)
  }
  close(): void {
    this.window.close()
  }

  /** What Electron does when a page asks for a window. */
  mayOpen(url: string): boolean {
    return this.#openHandler === null || this.#openHandler({ url } as never).action === 'allow'
  }
  /** What Electron does when a page, not the app, navigates. */
  mayNavigate(url: string, isMainFrame = true): boolean {
    const events = isMainFrame ? ['will-frame-navigate', 'will-navigate'] : ['will-frame-navigate']
    return events.every((name) => this.#isAllowed(name, { url, isMainFrame }))
  }
  mayRedirect(url: string): boolean {
    return this.#isAllowed('will-redirect', { url, isMainFrame: true })
  }
  mayAttachWebview(): boolean {
    return this.#isAllowed('will-attach-webview', {})
  }
  #isAllowed(name: string, particulars: object): boolean {
    let prevented = false
    this.emit(name, {
      ...particulars,
      preventDefault: () => {
        prevented = true
      },
    })
    return !prevented
  }
}

export interface WindowWorld {
  app: EventEmitter
  backend: PageBackend | null
  windows: Set<FakeWindow>
}

/** Each fake Electron has a class of its own, since `getAllWindows` is static. */
export function createWindowClass(world: WindowWorld) {
  return class BrowserWindow extends FakeWindow {
    constructor(options: BrowserWindowConstructorOptions = {}) {
      super(world, options)
    }
    static getAllWindows(): FakeWindow[] {
      return [...world.windows]
    }
    static fromWebContents(contents: unknown): FakeWindow | null {
      return [...world.windows].find(({ webContents }) => webContents === contents) ?? null
    }
  }
}

export class FakeWindow
  extends EventEmitter
  implements
    Like<
      Electron.BrowserWindow,
      | 'close'
      | 'destroy'
      | 'focus'
      | 'hide'
      | 'isDestroyed'
      | 'isFocused'
      | 'isMinimized'
      | 'isVisible'
      | 'loadURL'
      | 'restore'
      | 'show'
    >
{
  readonly id = nextId++
  readonly webContents = new FakeWebContents(this)
  readonly #world: WindowWorld
  readonly #page: Promise<FakePage | null>
  #isVisible: boolean
  isMinimizedNow = false
  /** A window that is shown has the keyboard until somebody else has it. */
  hasFocus = true

  constructor(
    world: WindowWorld,
    readonly options: BrowserWindowConstructorOptions,
  ) {
    super()
    this.#world = world
    this.#isVisible = options.show !== false
    world.windows.add(this)
    world.app.emit('web-contents-created', {}, this.webContents)
    this.#page = Promise.resolve(world.backend?.openPage(this) ?? null).then((page) => {
      this.webContents.page = page
      return page
    })
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#page
    this.webContents.mainFrame.url = url
    await page?.navigate(url)
    if (this.isDestroyed()) return
    this.webContents.emit('did-finish-load')
    this.emit('ready-to-show')
  }
  show(): void {
    this.#isVisible = true
    this.emit('show')
  }
  hide(): void {
    this.#isVisible = false
    this.emit('hide')
  }
  focus(): void {
    this.emit('focus')
  }
  restore(): void {
    this.isMinimizedNow = false
  }
  isVisible(): boolean {
    return this.#isVisible
  }
  isFocused(): boolean {
    return this.#isVisible && this.hasFocus
  }
  isMinimized(): boolean {
    return this.isMinimizedNow
  }
  isDestroyed(): boolean {
    return this.webContents.destroyed
  }
  close(): void {
    let prevented = false
    this.emit('close', {
      preventDefault: () => {
        prevented = true
      },
    })
    if (!prevented) this.destroy()
  }
  destroy(): void {
    if (this.isDestroyed()) return
    this.webContents.destroyed = true
    this.#world.windows.delete(this)
    void this.#page.then((page) => page?.close())
    this.emit('closed')
    if (this.#world.windows.size === 0) this.#world.app.emit('window-all-closed')
  }
}
