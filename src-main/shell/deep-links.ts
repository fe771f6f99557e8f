import { reportOf } from '../../src-shared/errors'
import { reportIn } from '../../src-shared/node-says'
import { MAX_INVITE_LENGTH } from '../membership/invite'
import type { ElectronModule } from './electron-module'
import type { ShellWords } from './words'

export const LINK_SCHEME = 'espalier'

/** The link that the system started the app with, if any; whatever else stands there is not looked at. */
export function linkIn(argv: readonly string[]): string | null {
  return argv.find((argument) => argument.toLowerCase().startsWith(`${LINK_SCHEME}://`)) ?? null
}

export interface DeepLinkOptions {
  platform: NodeJS.Platform
  /** What this process was started with. */
  argv: readonly string[]
  /** Checks the link and puts it before a person. Throws what is wrong with it; null while the app opens. */
  offer: () => ((link: string) => void) | null
  show(): void
  words: () => ShellWords
  log(level: 'info' | 'warn', code: string, message: string): void
}

/**
 * `espalier://invite?…` from a browser or a mail. Only invites, checked for size and shape, and nothing happens by
 * itself: the window asks. Returns what to do once the app is open.
 */
export function receiveLinks(
  { app, dialog }: Pick<ElectronModule, 'app' | 'dialog'>,
  options: DeepLinkOptions,
): () => void {
  let waiting = linkIn(options.argv)
  // Elsewhere the installer says it to the system; a developer's copy must not take links over.
  if (app.isPackaged && options.platform !== 'linux') app.setAsDefaultProtocolClient(LINK_SCHEME)

  function take(): void {
    const offer = options.offer()
    if (waiting === null || offer === null) return
    const link = waiting
    waiting = null
    options.show()
    try {
      offer(link.slice(0, MAX_INVITE_LENGTH + 1))
      options.log('info', 'shell.link', 'an invite was opened as a link; it waits for an answer')
    } catch (error) {
      const { says, link: words } = options.words()
      const { code, cause, action } = reportIn(says, reportOf(error))
      options.log('warn', 'shell.link.refused', `${code}: a link was refused`)
      void dialog.showMessageBox({
        type: 'warning',
        title: 'Espalier',
        message: words.cannotBeUsed,
        detail: `${cause}.\n${action}\n\n${code}`,
        buttons: [words.close],
      })
    }
  }

  function receive(link: string | null): void {
    if (link === null) return
    waiting = link
    take()
  }
  app.on('second-instance', (_event, argv) => receive(linkIn(argv)))
  // macOS hands links over like this, the first one before the app is ready.
  app.on('open-url', (event, url) => {
    event.preventDefault()
    receive(linkIn([url]))
  })
  return take
}
