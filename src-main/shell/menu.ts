import type { ElectronModule } from './electron-module'

/** Only what people expect of any application: editing text, size of the page, closing. No reload, no tools. */
export function setApplicationMenu(
  { Menu }: Pick<ElectronModule, 'Menu'>,
  platform: NodeJS.Platform,
  quit: () => void,
): void {
  const size: Electron.MenuItemConstructorOptions = {
    label: 'View',
    submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }],
  }
  const template: Electron.MenuItemConstructorOptions[] =
    platform === 'darwin'
      ? [{ role: 'appMenu' }, { role: 'editMenu' }, size, { role: 'windowMenu' }]
      : [
          { label: 'File', submenu: [{ id: 'quit', label: 'Quit', accelerator: 'CommandOrControl+Q', click: quit }] },
          { role: 'editMenu' },
          size,
        ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
