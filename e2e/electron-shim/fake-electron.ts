import { EventEmitter } from 'node:events'
import type {
  IpcMain,
  MenuItemConstructorOptions,
  NativeImage,
  NativeTheme,
  Protocol,
  Session,
  Tray,
  WebRequest,
} from 'electron'
import type { ElectronModule } from '../../src-main/shell/electron-module'
import { FakeApp } from './fake-app'
import { createFakeDialog } from './fake-dialog'
import type { FakeFrame, Like, PageBackend, PageHooks } from './fake-types'
import { createUtilityProcess } from './fake-utility-process'
import { createWindowClass, type FakeWebContents, type FakeWindow } from './fake-window'

export interface FakeElectronOptions {
  lock?: boolean
  isPackaged?: boolean
  notifications?: boolean
  switches?: Readonly<Record<string, string>>
  languages?: readonly string[]
  /** Gets what the app may ask of its pages; returns what gives windows their pages. */
  backend?: (hooks: PageHooks) => PageBackend
  /** Where utility-bootstrap.mjs lies, for a bundled fake. */
  utilityBootstrap?: string
  onExit?: (code: number) => void
}

type RequestListener = (details: { url: string }, answer: (response: { cancel?: boolean }) => void) => void

/**
 * Electron's main process in plain Node, as far as the shell uses it, and as strict: wrong order, second handlers and
 * values that cannot be cloned throw as they do there. Shared by unit tests and by the shim, which adds real pages.
 */
export function createFakeElectron(options: FakeElectronOptions = {}) {
  const windows = new Set<FakeWindow>()
  const ipcHandlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>()
  const schemes = new Map<string, (request: Request) => Response | Promise<Response>>()
  const hooks: PageHooks = { invoke, request, permission, crashed }
  const backend = options.backend?.(hooks) ?? null
  const app = new FakeApp({ ...options, backend, windows })
  const BrowserWindow = createWindowClass({ app, backend, windows })
  const utility = createUtilityProcess(app, options.utilityBootstrap)
  const trays: FakeTray[] = []
  const notifications: FakeNotification[] = []
  const power = { isOnBattery: false, idleSeconds: 600 }
  const dialogs = createFakeDialog({
    needReady: (what) => app.needReady(what),
    isWindow: (value) => [...windows].some((window) => window === value),
  })
  const permissions: {
    request: Parameters<Session['setPermissionRequestHandler']>[0]
    check: Parameters<Session['setPermissionCheckHandler']>[0]
    device: Parameters<Session['setDevicePermissionHandler']>[0]
  } = { request: null, check: null, device: null }
  let onBeforeRequest: RequestListener | null = null
  let applicationMenu: FakeMenu | null = null
  let privileged: readonly string[] = []

  /** What `ipcRenderer.invoke` does: clones both ways; a handler that throws becomes Electron's reworded error. */
  async function invoke(contents: FakeWebContents, channel: string, args: unknown[], frame: FakeFrame) {
    const handler = ipcHandlers.get(channel)
    const fail = (error: unknown) => new Error(`Error invoking remote method '${channel}': ${error}`)
    if (!handler) throw fail(`Error: No handler registered for '${channel}'`)
    const copy = structuredClone(args)
    try {
      return structuredClone(await handler({ sender: contents, senderFrame: frame }, ...copy))
    } catch (error) {
      throw fail(error)
    }
  }

  async function request(url: string, method: string): Promise<Response | 'cancelled' | 'network'> {
    const isCancelled = await new Promise<boolean>((resolve) => {
      if (onBeforeRequest) onBeforeRequest({ url }, ({ cancel }) => resolve(cancel === true))
      else resolve(false)
    })
    if (isCancelled) return 'cancelled'
    const handler = schemes.get(new URL(url).protocol.slice(0, -1))
    return handler ? handler(new Request(url, { method })) : 'network'
  }

  function crashed(contents: FakeWebContents): void {
    const details = { reason: 'crashed', exitCode: 11 }
    contents.emit('render-process-gone', {}, details)
    app.emit('render-process-gone', {}, contents, details)
  }

  function permission(contents: FakeWebContents, name: 'notifications' | 'clipboard-read' | 'geolocation'): boolean {
    let isGranted = permissions.request === null
    const answer = (granted: boolean) => {
      isGranted = granted
    }
    permissions.request?.(contents as never, name, answer, {} as never)
    return isGranted
  }

  class FakeMenu {
    constructor(readonly items: readonly MenuItemConstructorOptions[]) {}
    static buildFromTemplate(template: readonly MenuItemConstructorOptions[]): FakeMenu {
      for (const { label, role, type } of itemsOf(template)) {
        if (type !== 'separator' && !label && !role) throw new TypeError('Invalid template for MenuItem')
      }
      return new FakeMenu(template)
    }
    static setApplicationMenu(menu: FakeMenu | null): void {
      applicationMenu = menu
    }
    static getApplicationMenu(): FakeMenu | null {
      return applicationMenu
    }
    /** Also below other items, as Electron's does. */
    getMenuItemById(id: string): MenuItemConstructorOptions | null {
      return itemsOf(this.items).find((item) => item.id === id) ?? null
    }
    /** Chooses an item, as a person would; one that is not there or grey cannot be chosen. */
    choose(id: string): void {
      const item = this.getMenuItemById(id)
      if (!item || item.enabled === false) throw new Error(`menu item '${id}' cannot be chosen`)
      item.click?.({} as never, undefined, {} as never)
    }
  }

  class FakeImage implements Like<NativeImage, 'addRepresentation' | 'isEmpty' | 'setTemplateImage'> {
    readonly representations: { scaleFactor: number; buffer: Buffer }[] = []
    isTemplate = false
    addRepresentation({ scaleFactor = 1, width = 0, height = 0, buffer }: Electron.AddRepresentationOptions): void {
      if (buffer?.length !== width * height * 4) throw new Error('the bitmap is not of its size')
      this.representations.push({ scaleFactor, buffer })
    }
    isEmpty(): boolean {
      return this.representations.length === 0
    }
    setTemplateImage(isTemplate: boolean): void {
      this.isTemplate = isTemplate
    }
  }

  class FakeNotification extends EventEmitter {
    static isSupported(): boolean {
      return options.notifications ?? true
    }
    constructor(readonly options: { title?: string; body?: string }) {
      super()
      app.needReady('Notification')
    }
    show(): void {
      notifications.push(this)
    }
  }

  class FakeTray extends EventEmitter implements Like<Tray, 'setToolTip' | 'setImage' | 'setContextMenu' | 'destroy'> {
    toolTip = ''
    menu: FakeMenu | null = null
    /** The words of every menu that was shown: the state, and what can be done about it. */
    readonly said: { state: string; action: string }[] = []
    isDestroyed = false
    constructor(public image: FakeImage) {
      super()
      app.needReady('Tray')
      if (image.isEmpty()) throw new Error('Failed to load image: it is empty')
      trays.push(this)
    }
    setToolTip(text: string): void {
      this.toolTip = text
    }
    setImage(image: unknown): void {
      this.image = image as FakeImage
    }
    setContextMenu(menu: unknown): void {
      this.menu = menu as FakeMenu
      const action = ['start', 'stop', 'none'].map((id) => this.menu?.getMenuItemById(id)).find((item) => item)
      this.said.push({ state: this.menu.getMenuItemById('status')?.label ?? '', action: action?.label ?? '' })
    }
    destroy(): void {
      this.isDestroyed = true
    }
  }

  const ipcMain: Like<IpcMain, 'handle' | 'removeHandler'> = {
    handle(channel, handler) {
      if (ipcHandlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
      ipcHandlers.set(channel, handler as (event: unknown, ...args: unknown[]) => unknown)
    },
    removeHandler: (channel) => void ipcHandlers.delete(channel),
  }
  const protocol: Like<Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
    registerSchemesAsPrivileged(custom) {
      app.needNotReady('protocol.registerSchemesAsPrivileged')
      privileged = custom.map(({ scheme }) => scheme)
    },
    handle(scheme, handler) {
      app.needReady('protocol.handle')
      if (schemes.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
      schemes.set(scheme, handler as (request: Request) => Response | Promise<Response>)
    },
  }
  const webRequest: Like<WebRequest, 'onBeforeRequest'> = {
    onBeforeRequest(...args: unknown[]) {
      onBeforeRequest = args.at(-1) as RequestListener
    },
  }
  const sessionMembers: Like<
    Session,
    'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
  > = {
    setPermissionRequestHandler(handler) {
      permissions.request = handler
    },
    setPermissionCheckHandler(handler) {
      permissions.check = handler
    },
    setDevicePermissionHandler(handler) {
      permissions.device = handler
    },
  }
  const defaultSession = Object.assign(new EventEmitter(), sessionMembers, { webRequest })
  const themeMembers: Like<NativeTheme, 'themeSource' | 'shouldUseDarkColors'> = {
    themeSource: 'system',
    shouldUseDarkColors: false,
  }

  const electron = {
    app,
    BrowserWindow,
    dialog: dialogs.dialog,
    ipcMain,
    Menu: FakeMenu,
    nativeImage: { createEmpty: () => new FakeImage() },
    nativeTheme: Object.assign(new EventEmitter(), themeMembers),
    Notification: FakeNotification,
    powerMonitor: Object.assign(new EventEmitter(), {
      isOnBatteryPower: () => power.isOnBattery,
      getSystemIdleTime: () => power.idleSeconds,
    }),
    protocol,
    session: {
      get defaultSession() {
        app.needReady('session')
        return defaultSession
      },
    },
    shell: {
      openExternal: async (url: string) => {
        app.openedOutside.push(url)
      },
    },
    Tray: FakeTray,
    utilityProcess: utility.utilityProcess,
    /** Not of the shell: Playwright finds and closes windows with these. */
    webContents: {
      fromDevToolsTargetId: (targetId: string) =>
        [...windows].find(({ webContents }) => webContents.page?.targetId === targetId)?.webContents ?? null,
    },
  }
  return {
    /** Only the members that the shell uses exist, each checked above; the rest of Electron's types is taken on trust. */
    electron: electron as unknown as ElectronModule,
    module: electron,
    app,
    windows,
    trays,
    notifications,
    power,
    asked: dialogs.asked,
    errorBoxes: dialogs.errorBoxes,
    /** Of the file dialogs: what they asked, and what they answer next. */
    filesAsked: dialogs.files,
    filesChosen: dialogs.chosen,
    permissions,
    session: defaultSession,
    children: utility.children,
    ...hooks,
    get applicationMenu() {
      return applicationMenu
    },
    get privileged() {
      return privileged
    },
  }
}
export type FakeElectron = ReturnType<typeof createFakeElectron>

/** With those below others. */
function itemsOf(template: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return template.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? itemsOf(item.submenu) : [])])
}
