import { EventEmitter } from 'node:events'
import { statSync } from 'node:fs'
import type { App } from 'electron'
import type { Like, PageBackend } from './fake-types'
import type { FakeWindow } from './fake-window'

export interface FakeAppOptions {
  /** What another instance leaves us: false when it has the lock. */
  lock?: boolean
  isPackaged?: boolean
  switches?: Readonly<Record<string, string>>
  /** What the system speaks. */
  languages?: readonly string[]
  backend: PageBackend | null
  windows: ReadonlySet<FakeWindow>
  onExit?: (code: number) => void
}

type Members =
  | 'enableSandbox'
  | 'exit'
  | 'getPath'
  | 'getPreferredSystemLanguages'
  | 'isReady'
  | 'quit'
  | 'requestSingleInstanceLock'
  | 'setPath'
  | 'whenReady'

/** The application object: the order of events, vetoes included, is Electron's. */
export class FakeApp extends EventEmitter implements Like<App, Members> {
  readonly name = 'Espalier'
  readonly isPackaged: boolean
  /** What the system starts at log-in, and whose links it opens with this app. */
  loginItem = { openAtLogin: false, args: [] as string[] }
  readonly schemes: string[] = []
  /** Names of calls in their order, for tests of what must come first. */
  readonly calls: string[] = []
  /** Addresses that were handed to the system's browser. */
  readonly openedOutside: string[] = []
  readonly commandLine
  exitCode: number | null = null
  isSandboxed = false
  #isReady = false
  #isQuitting = false
  readonly #paths = new Map<string, string>()
  readonly #ready = Promise.withResolvers<void>()

  constructor(private readonly options: FakeAppOptions) {
    super()
    const { switches = {} } = options
    this.isPackaged = options.isPackaged ?? false
    this.commandLine = {
      getSwitchValue: (name: string) => switches[name] ?? '',
      hasSwitch: (name: string) => name in switches,
      appendSwitch: () => undefined,
    }
  }

  /** What Electron does once its entry has run. */
  becomeReady(): void {
    this.#isReady = true
    this.emit('ready', {}, {})
    this.#ready.resolve()
  }
  getPreferredSystemLanguages(): string[] {
    return [...(this.options.languages ?? ['en-GB'])]
  }
  isReady(): boolean {
    return this.#isReady
  }
  whenReady(): Promise<void> {
    return this.#ready.promise
  }
  needReady(what: string): void {
    if (!this.#isReady) throw new Error(`${what} can only be used after the app is ready`)
  }
  needNotReady(what: string): void {
    if (this.#isReady) throw new Error(`${what} must be called before the app is ready`)
  }
  requestSingleInstanceLock(): boolean {
    this.calls.push('requestSingleInstanceLock')
    return this.options.lock ?? true
  }
  setAppUserModelId(id: string): void {
    this.calls.push(`setAppUserModelId ${id}`)
  }
  setAsDefaultProtocolClient(scheme: string): boolean {
    this.schemes.push(scheme)
    return true
  }
  setLoginItemSettings({ openAtLogin = false, args = [] }: { openAtLogin?: boolean; args?: string[] }): void {
    this.loginItem = { openAtLogin, args }
  }
  getLoginItemSettings({ args = [] }: { args?: string[] } = {}): { openAtLogin: boolean } {
    return { openAtLogin: this.loginItem.openAtLogin && this.loginItem.args.join() === args.join() }
  }
  enableSandbox(): void {
    this.needNotReady('app.enableSandbox()')
    this.calls.push('enableSandbox')
    this.isSandboxed = true
  }
  setPath(name: string, path: string): void {
    this.calls.push(`setPath ${name}`)
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`Path doesn't exist: ${path}`)
    this.#paths.set(name, path)
  }
  getPath(name: string): string {
    const path = this.#paths.get(name)
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  /** `before-quit`, then every window's `close`, then the end; any of them may veto. */
  quit(): void {
    if (this.#isQuitting || this.exitCode !== null) return
    this.#isQuitting = true
    setImmediate(() => {
      this.#isQuitting = false
      if (this.#isVetoed('before-quit')) return
      for (const window of [...this.options.windows]) window.close()
      if (this.options.windows.size > 0 || this.#isVetoed('will-quit')) return
      this.emit('quit', {}, 0)
      this.exit(0)
    })
  }
  exit(code = 0): void {
    if (this.exitCode !== null) return
    this.exitCode = code
    this.options.onExit?.(code)
    void this.options.backend?.quit(code)
  }
  #isVetoed(event: string): boolean {
    let vetoed = false
    this.emit(event, {
      preventDefault: () => {
        vetoed = true
      },
    })
    return vetoed
  }
}
