import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { reportIn } from '../../src-shared/node-says'
import type { EventLog } from '../storage/event-log'
import type { ElectronModule } from './electron-module'
import type { MainWindow } from './window'
import type { ShellWords } from './words'

const MOST_RELOADS = 3
const WITHIN_MS = 60_000

/**
 * Brings a page back whose process ended: at most three times within a minute by itself, then when somebody says so.
 * The node is not concerned: it runs in the main process. The ends of other processes are only written down.
 */
export function guardPage(
  { app, dialog }: Pick<ElectronModule, 'app' | 'dialog'>,
  options: {
    clock: Clock
    window: MainWindow
    words: () => ShellWords
    log: EventLog['write']
    quit(): void
  },
): void {
  const { clock, window, log } = options
  let reloadedAtMs: number[] = []
  let isAsking = false

  app.on('render-process-gone', (_event, contents, { reason, exitCode }) => {
    if (reason === 'clean-exit' || contents !== window.current?.webContents) return
    log('error', 'shell.page.gone', `the page's process ended: ${reason} (${exitCode})`)
    const now = clock.monotonicMs()
    reloadedAtMs = reloadedAtMs.filter((at) => now - at < WITHIN_MS)
    if (reloadedAtMs.length < MOST_RELOADS) {
      reloadedAtMs.push(now)
      window.reload()
    } else if (!isAsking) void ask()
  })

  app.on('child-process-gone', (_event, { type, name, serviceName, reason, exitCode }) => {
    if (reason === 'clean-exit') return
    // `killed` is how we end our own.
    const level = reason === 'killed' ? 'info' : 'warn'
    log(level, 'shell.child.gone', `${name ?? serviceName ?? type} ended: ${reason} (${exitCode})`)
  })

  async function ask(): Promise<void> {
    isAsking = true
    try {
      const { says, page } = options.words()
      const { cause, action, code } = reportIn(says, new EspalierError('PAGE_CRASH_LOOP').report())
      const { response } = await dialog.showMessageBox({
        type: 'error',
        title: 'Espalier',
        message: `${cause}.`,
        detail: `${action}\n\n${code}`,
        buttons: [page.loadAgain, page.quit],
        defaultId: 0,
        cancelId: 0,
      })
      if (response === 1) return options.quit()
      reloadedAtMs = []
      window.reload()
    } catch (error) {
      log('error', 'shell.page.gone', String(error))
    } finally {
      isAsking = false
    }
  }
}
