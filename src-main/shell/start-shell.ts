import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { reportIn } from '../../src-shared/node-says'
import type { App } from '../app/app'
import { createAppBridge } from '../app/app-bridge'
import type { DesktopServices, Updates } from '../app/desktop-services'
import { startIpcCarrier } from '../bridge/ipc-carrier'
import type { BridgeServer } from '../bridge/server'
import { loadStaticFiles } from '../bridge/static-files'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import type { EventLog } from '../storage/event-log'
import { APP_SCHEME, createAppHandler, registerAppScheme } from './app-protocol'
import { createAutostart } from './autostart'
import { createFileChooser } from './choose-file'
import { createWindowCloser } from './close-window'
import { receiveLinks } from './deep-links'
import type { ElectronModule } from './electron-module'
import { hardenContents, hardenSession } from './hardening'
import { isTrustedSender } from './ipc-trust'
import { setApplicationMenu } from './menu'
import { createNotices } from './notices'
import { openOutside } from './outside-links'
import { guardPage } from './page-guard'
import { createQuit } from './quit'
import { openStartGuard, type StartGuard } from './start-guard'
import { createTray, type TrayView } from './tray'
import { createUtilityStarter } from './utility-child'
import { createMainWindow } from './window'
import { type ShellWords, wordsFor } from './words'

/** As in build/electron-builder.mjs. */
const APP_ID = 'contributors.espalier.Espalier'

/** The app as the shell needs it, with its log and what else its host holds open. */
export interface OpenedApp {
  app: App
  log: EventLog
  /** Ends the app, then closes what was opened for it. */
  close(): Promise<void>
}

export interface ShellOptions {
  clock: Clock
  platform: NodeJS.Platform
  /** Where everything of this node lives; Chromium's own files go into a folder in it. */
  dataRoot: string
  rendererDir: string
  preload: string
  /** What the app was started with, and from where. */
  start: {
    argv: readonly string[]
    env: Readonly<Record<string, string | undefined>>
    home: string
    executable: string
    /** Arguments that a start at log-in repeats. */
    keptArgs: readonly string[]
    /** The system started it: no window where a tray shows it. */
    isHidden: boolean
  }
  makeUpdates(
    log: Pick<EventLog, 'write'>,
    beforeInstall: () => Promise<void>,
  ): Promise<Updates & { dispose: Disposer }>
  openApp(startScript: (options: ChildOptions) => OwnedChild, desktop: DesktopServices): Promise<OpenedApp>
  hasTrayHost(): Promise<boolean>
}

/** What `startShell` leaves running; null when another instance has the data directory. */
export interface Shell {
  /** Settles when the window is asked for and the node has been told to start, or when that failed. */
  readonly started: Promise<void>
  /** Quits without a question, for signals and shutdown. */
  quitNow(): void
}

/**
 * The desktop app around a node. Everything until the first `await` runs before Electron is ready, which Electron
 * demands of the lock, the sandbox and the scheme.
 */
export function startShell(electron: ElectronModule, options: ShellOptions): Shell | null {
  const { app: host, dialog, powerMonitor, protocol } = electron
  const { clock, platform } = options
  let opened: OpenedApp | null = null
  let bridge: BridgeServer | null = null
  let tray: TrayView | null = null
  let guarding: Promise<StartGuard> | null = null
  let isLeaving = false
  let stopUpdates: Disposer = () => undefined
  let hasDraft = false
  let spoken: ShellWords | null = null
  const chosenWords = () => wordsFor(opened?.app.settings().language ?? 'system', host.getPreferredSystemLanguages())
  const words = () => spoken ?? chosenWords()

  // Before the lock, which Chromium keeps in this folder: one app per data directory.
  const profileDir = join(options.dataRoot, 'desktop')
  try {
    mkdirSync(profileDir, { recursive: true, mode: 0o700 })
    host.setPath('userData', profileDir)
  } catch (error) {
    dialog.showErrorBox('Espalier', words().failed.dataDirectory(messageOf(error)))
    host.exit(1)
    return null
  }
  if (!host.requestSingleInstanceLock()) {
    host.quit()
    return null
  }
  // Windows shows notifications only of programs whose name it knows from the installer.
  if (platform === 'win32') host.setAppUserModelId(APP_ID)
  host.enableSandbox()
  registerAppScheme(protocol)
  const trouble = (code: string) => (error: unknown) => opened?.log.write('error', code, messageOf(error))
  hardenContents(host, (url) => {
    void openOutside(url, opened?.app ?? null, (href) => electron.shell.openExternal(href)).catch(
      trouble('shell.open.failed'),
    )
  })

  const window = createMainWindow(electron, {
    preload: options.preload,
    mayClose: () => quit.isOver,
    onClose: () => void closeWindow().catch(trouble('shell.close.failed')),
    onLoadError: trouble('shell.page.failed'),
  })
  const quit = createQuit({
    app: host,
    dialog,
    clock,
    words,
    status: () => opened?.app.status() ?? null,
    hasDraft: () => hasDraft,
    window: () => window.current,
    async leave() {
      isLeaving = true
      const current = await opening.catch(() => null)
      stopUpdates()
      await (await guarding)?.ended()
      await current?.close()
    },
    onLeaving: () => window.hide(),
    onTrouble: trouble('shell.quit.failed'),
  })
  const closeWindow = createWindowCloser(electron, {
    window,
    words,
    settings: () => opened?.app.settings() ?? null,
    hasTray: async () => tray !== null && (await options.hasTrayHost()),
    rememberNotice: async () => opened?.app.handlers['settings.save']({ trayNoticeSeen: true }),
    quit: () => host.quit(),
  })
  const showWhenReady = () => void host.whenReady().then(() => window.show())
  host.on('second-instance', showWhenReady)
  host.on('activate', showWhenReady)
  // Closing is decided in `closeWindow`; without a listener Electron would quit by itself.
  host.on('window-all-closed', () => undefined)

  const takeLink = receiveLinks(electron, {
    platform,
    argv: options.start.argv,
    offer: () => opened?.app.offerInvite ?? null,
    show: () => window.show(),
    words,
    log: (level, code, message) => opened?.log.write(level, code, message),
  })
  const opening = host.whenReady().then(async () => {
    const log: Pick<EventLog, 'write'> = { write: (...line) => opened?.log.write(...line) }
    const updates = await options.makeUpdates(log, () => quit.letGo())
    stopUpdates = updates.dispose
    return options.openApp(createUtilityStarter(electron, clock), {
      senses: {
        isOnBattery: () => powerMonitor.isOnBatteryPower(),
        idleSeconds: () => powerMonitor.getSystemIdleTime(),
      },
      autostart: createAutostart({ platform, app: host, ...options.start, args: options.start.keptArgs }),
      updates,
      noteDraft(isUnsaved) {
        hasDraft = isUnsaved
      },
      chooseFile: createFileChooser(electron, window, words),
    })
  })
  // `open` looks at it a little later; a failure until then must not count as one that nobody looks at.
  opening.catch(() => undefined)
  return { started: open().catch(giveUp), quitNow: () => quit.now() }

  async function open(): Promise<void> {
    await host.whenReady()
    // Electron's types leave the event out; the system waits a little for those who ask.
    powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
      event?.preventDefault()
      quit.now()
    })
    powerMonitor.on('suspend', () => void opened?.app.sleep().catch(trouble('shell.sleep.failed')))
    powerMonitor.on('resume', () => opened?.app.wake())
    hardenSession(electron.session.defaultSession)
    protocol.handle(APP_SCHEME, createAppHandler(await loadStaticFiles(options.rendererDir)))
    speak()
    opened = await opening
    // Whoever quits that early gets nothing that begins behind their back, and made no start that failed.
    if (isLeaving) return
    const { app, log } = opened
    speak()
    serveBridge(opened)
    guardPage(electron, { clock, window, words, log: log.write, quit: () => host.quit() })
    guarding = openStartGuard(join(profileDir, 'starts.json'), clock, log.write)
    const guard = await guarding
    if (isLeaving) return
    electron.nativeTheme.themeSource = app.settings().theme
    app.onSettings(({ theme }) => {
      electron.nativeTheme.themeSource = theme
      speak()
    })
    if (await options.hasTrayHost()) tray = openTray(app, log)
    else log.write('info', 'shell.tray.none', 'this desktop shows no tray icons')
    openNotices(app)
    if (!(options.start.isHidden && tray)) window.show()
    takeLink()
    await startAsBefore(app, guard)
  }

  async function startAsBefore(app: App, { isLooping }: StartGuard): Promise<void> {
    const { startsRunning } = app.settings()
    if (!isLooping) {
      void app.resumeHosting()
      if (startsRunning) await app.start().catch(trouble('shell.start.failed'))
      return
    }
    if (!startsRunning) return
    const error = new EspalierError('APP_CRASH_LOOP')
    trouble('shell.safe-mode')(error)
    app.holdBack(error.report())
  }

  /** The system's menu and the tray in the language that counts now; nothing is made anew for the same one. */
  function speak(): void {
    const chosen = chosenWords()
    if (chosen === spoken) return
    spoken = chosen
    setApplicationMenu(electron, platform, chosen.menu, {
      quit: () => host.quit(),
      inPage(item) {
        window.show()
        bridge?.emit('menu', { item })
      },
    })
    if (opened) tray?.update(opened.app.status())
  }

  function serveBridge({ app, log }: OpenedApp): void {
    bridge = createAppBridge(app, clock, log)
    startIpcCarrier({
      server: bridge,
      ipcMain: electron.ipcMain,
      isTrusted: (event) => isTrustedSender(event, window.current),
      contents: () => window.current?.webContents ?? null,
      log: (level, message, fields) => log.write(level, 'bridge.ipc', message, fields),
    })
  }

  function openNotices(app: App): void {
    const { Notification } = electron
    if (!Notification.isSupported()) return
    const notices = createNotices({
      clock,
      settings: app.settings,
      words,
      isLookedAt: () => window.current?.isFocused() ?? false,
      show({ title, body }) {
        const notification = new Notification({ title, body })
        notification.on('click', () => window.show())
        notification.show()
      },
    })
    app.onStatus(notices.onStatus)
    app.onView(notices.onView)
  }

  async function restart(app: App): Promise<void> {
    await app.handlers['node.stop']({})
    await app.handlers['node.start']({})
  }

  function openTray(app: App, log: EventLog): TrayView {
    const attempt = (code: string, work: Promise<unknown>) =>
      void work.catch((error: unknown) => log.write('error', code, messageOf(error)))
    const view = createTray(electron, platform, words, app.status(), {
      // The page's own calls, so that a start from here is remembered like one from there.
      start: () => attempt('shell.start.failed', Promise.resolve(app.handlers['node.start']({}))),
      stop: () => attempt('shell.stop.failed', Promise.resolve(app.handlers['node.stop']({}))),
      restart: () => attempt('shell.restart.failed', restart(app)),
      open: () => window.show(),
      quit: () => host.quit(),
    })
    app.onStatus((status) => view.update(status))
    return view
  }

  function giveUp(error: unknown): void {
    const report = reportOf(error)
    opened?.log.write('error', 'shell.failed', report.cause)
    const { code, cause, action } = reportIn(words().says, report)
    dialog.showErrorBox(words().failed.cannotStart, `${cause}\n\n${action}\n\n${code}`)
    quit.now()
  }
}
