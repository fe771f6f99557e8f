import { isAppUrl } from './app-protocol'

/** Only the main frame of our own window, while it shows our own page, may call. */
export function isTrustedSender(event: Electron.IpcMainInvokeEvent, window: Electron.BrowserWindow | null): boolean {
  if (!window || window.isDestroyed()) return false
  const { sender, senderFrame } = event
  if (sender !== window.webContents || senderFrame === null) return false
  return senderFrame.frameTreeNodeId === sender.mainFrame.frameTreeNodeId && isAppUrl(senderFrame.url)
}
