import { isAppUrl } from './app-protocol'

/**
 * Shuts every way out of a page: other pages, new windows, embedded guests. For all contents there will ever be,
 * because a window that was forgotten is the one that gets used. `onOpen` hears of each window that was refused.
 */
export function hardenContents(app: Pick<Electron.App, 'on'>, onOpen: (url: string) => void = () => undefined): void {
  app.on('web-contents-created', (_event, contents) => keepAtHome(contents, onOpen))
}

function keepAtHome(contents: Electron.WebContents, onOpen: (url: string) => void): void {
  contents.setWindowOpenHandler(({ url }) => {
    onOpen(url)
    return { action: 'deny' }
  })
  contents.on('will-navigate', (event) => {
    if (!isAppUrl(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (!isAppUrl(event.url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isAppUrl(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** Denies every permission, asked or looked up, every device, every download, and every request but for our page. */
export function hardenSession(session: Electron.Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isAppUrl(details.url) }))
}
