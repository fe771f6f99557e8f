import type { Settings } from '../../src-shared/settings'
import type { ElectronModule } from './electron-module'
import type { MainWindow } from './window'
import type { ShellWords } from './words'

export interface CloseOptions {
  window: MainWindow
  words: () => ShellWords
  /** Null while there is no app yet. */
  settings(): Settings | null
  /** Whether the app can be reached without its window. Asked anew, for trays come and go. */
  hasTray(): Promise<boolean>
  rememberNotice(): Promise<unknown>
  quit(): void
}

/**
 * What closing the window does: it hides where a tray keeps the app within reach, and quits otherwise. The first time
 * that it would only hide, it says so.
 */
export function createWindowCloser({ dialog }: Pick<ElectronModule, 'dialog'>, options: CloseOptions) {
  const { window } = options
  let isAsking = false

  return async function closeWindow(): Promise<void> {
    const settings = options.settings()
    if (!settings?.closeToTray || !(await options.hasTray())) return options.quit()
    if (isAsking) return
    if (settings.trayNoticeSeen || !window.current) return window.hide()
    isAsking = true
    const { close: words } = options.words()
    try {
      const { response } = await dialog.showMessageBox(window.current, {
        type: 'info',
        title: 'Espalier',
        message: words.staysInTray,
        detail: words.detail,
        buttons: [words.closeWindow, words.quit],
        defaultId: 0,
        cancelId: 0,
      })
      await options.rememberNotice()
      if (response === 1) options.quit()
      else window.hide()
    } finally {
      isAsking = false
    }
  }
}
