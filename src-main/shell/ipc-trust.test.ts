import { expect, it } from 'vitest'
import { START_URL } from './app-protocol'
import { isTrustedSender } from './ipc-trust'

function scene({ url = START_URL, frame = 1, isDestroyed = false } = {}) {
  const webContents = { mainFrame: { frameTreeNodeId: 1 } }
  const window = {
    isDestroyed: () => isDestroyed,
    get webContents() {
      if (isDestroyed) throw new TypeError('Object has been destroyed')
      return webContents
    },
  } as unknown as Electron.BrowserWindow
  const event = { sender: webContents, senderFrame: { frameTreeNodeId: frame, url } }
  return { window, event: event as unknown as Electron.IpcMainInvokeEvent }
}

it('the main frame of our window with our page may call, and nothing else', () => {
  const { window, event } = scene()
  expect(isTrustedSender(event, window)).toBe(true)
  expect(isTrustedSender(event, null)).toBe(false)
  expect(isTrustedSender({ ...event, senderFrame: null } as Electron.IpcMainInvokeEvent, window)).toBe(false)
  expect(isTrustedSender(scene().event, window)).toBe(false)
})

it.each([
  ['a frame within it', { frame: 2 }],
  ['another page in it', { url: 'https://example.org/' }],
  ['a window that has gone', { isDestroyed: true }],
])('not %s', (_, change) => {
  const { window, event } = scene(change)
  expect(isTrustedSender(event, window)).toBe(false)
})
