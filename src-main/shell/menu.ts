import type { EventPayload } from '../../src-shared/contract'
import type { ElectronModule } from './electron-module'
import type { ShellWords } from './words'

type Template = Electron.MenuItemConstructorOptions[]

export interface MenuActions {
  quit(): void
  /** Something of the page: it opens what its own keys open. */
  inPage(item: EventPayload<'menu'>['item']): void
}

const LINE = { type: 'separator' } as const

/**
 * What people expect of any application (editing text, size of the page, closing), and the ways into the page's
 * commands. No reload, no tools. The words are given: Electron's own are English whatever the system speaks.
 */
export function setApplicationMenu(
  { Menu }: Pick<ElectronModule, 'Menu'>,
  platform: NodeJS.Platform,
  words: ShellWords['menu'],
  { quit, inPage }: MenuActions,
): void {
  const edit: Template = [
    { role: 'undo', label: words.undo },
    { role: 'redo', label: words.redo },
    LINE,
    { role: 'cut', label: words.cut },
    { role: 'copy', label: words.copy },
    { role: 'paste', label: words.paste },
    { role: 'selectAll', label: words.selectAll },
  ]
  // The page hears these keys first and keeps them; the menu says which they are, and answers where it does not.
  const view: Template = [
    { id: 'palette', label: words.palette, accelerator: 'CommandOrControl+K', click: () => inPage('palette') },
    { id: 'shortcuts', label: words.shortcuts, accelerator: 'CommandOrControl+/', click: () => inPage('shortcuts') },
    LINE,
    { role: 'resetZoom', label: words.actualSize },
    { role: 'zoomIn', label: words.larger },
    { role: 'zoomOut', label: words.smaller },
    { role: 'togglefullscreen', label: words.fullScreen },
  ]
  const app: Template = [
    { role: 'about', label: words.about },
    LINE,
    { role: 'services', label: words.services },
    LINE,
    { role: 'hide', label: words.hide },
    { role: 'hideOthers', label: words.hideOthers },
    { role: 'unhide', label: words.showAll },
    LINE,
    { role: 'quit', label: words.quitApp },
  ]
  const window: Template = [
    { role: 'minimize', label: words.minimize },
    { role: 'zoom', label: words.zoom },
    LINE,
    { role: 'front', label: words.front },
  ]
  const template: Template =
    platform === 'darwin'
      ? [
          { label: 'Espalier', submenu: app },
          { label: words.edit, submenu: edit },
          { label: words.view, submenu: view },
          { role: 'window', label: words.window, submenu: window },
        ]
      : [
          {
            label: words.file,
            submenu: [{ id: 'quit', label: words.quit, accelerator: 'CommandOrControl+Q', click: quit }],
          },
          { label: words.edit, submenu: edit },
          { label: words.view, submenu: view },
        ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
