/// <reference types="electron" />

/** What the shell uses of Electron. It is passed in, so that tests and hosts without its binary can pass their own. */
export type ElectronModule = Pick<
  typeof Electron.CrossProcessExports,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'nativeImage'
  | 'nativeTheme'
  | 'Notification'
  | 'powerMonitor'
  | 'protocol'
  | 'session'
  | 'shell'
  | 'Tray'
  | 'utilityProcess'
>
