import { START_URL } from './app-protocol'
import type { ElectronModule } from './electron-module'

/** The colours of an empty page, so that nothing flashes before the first paint. */
const PAPER = { light: '#fbfaf7', dark: '#141713' }

export interface MainWindow {
  /** Null before the first `show` and after the window has gone. */
  readonly current: Electron.BrowserWindow | null
  /** Makes the window when there is none; otherwise brings it to the front. */
  show(): void
  hide(): void
  /** Loads the page anew, also into a window whose page has gone. */
  reload(): void
}

/** The only window. `onClose` runs when the operator closes it, which by itself does nothing; `mayClose` lets it go. */
export function createMainWindow(
  { BrowserWindow, nativeTheme }: Pick<ElectronModule, 'BrowserWindow' | 'nativeTheme'>,
  options: { preload: string; mayClose(): boolean; onClose(): void; onLoadError(error: unknown): void },
): MainWindow {
  let window: Electron.BrowserWindow | null = null

  function open(): Electron.BrowserWindow {
    const opened = new BrowserWindow({
      title: 'Espalier',
      width: 1180,
      height: 780,
      minWidth: 420,
      minHeight: 480,
      show: false,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? PAPER.dark : PAPER.light,
      webPreferences: {
        preload: options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        nodeIntegrationInWorker: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
      },
    })
    opened.once('ready-to-show', () => opened.show())
    opened.on('close', (event) => {
      if (options.mayClose()) return
      event.preventDefault()
      options.onClose()
    })
    opened.on('closed', () => {
      if (window === opened) window = null
    })
    load(opened)
    return opened
  }

  function load(into: Electron.BrowserWindow): void {
    into.loadURL(START_URL).catch(options.onLoadError)
  }

  return {
    get current() {
      return window && !window.isDestroyed() ? window : null
    },
    show() {
      if (!window || window.isDestroyed()) {
        window = open()
        return
      }
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    hide() {
      if (window && !window.isDestroyed()) window.hide()
    },
    reload() {
      if (window && !window.isDestroyed()) load(window)
    },
  }
}
