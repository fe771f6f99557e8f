// The least desktop app: a window with a button in it.
import electron from 'electron'

void electron.app.whenReady().then(() => {
  const window = new electron.BrowserWindow({ webPreferences: { sandbox: true, contextIsolation: true } })
  return window.loadURL('data:text/html,<!doctype html><title>Bare</title><button>Ready</button>')
})
