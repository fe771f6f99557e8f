import type { FileChoice, FilePurpose } from '../../src-shared/file-choice'
import type { ElectronModule } from './electron-module'
import type { MainWindow } from './window'

const TITLES: Readonly<Record<FilePurpose, string>> = {
  model: 'Choose a model file',
  certificates: 'Choose a file of certificates',
  'identity-backup': 'Choose the backup of an identity',
  'new-identity-backup': 'Where the backup shall lie',
}
const BACKUPS = { name: 'Identity backups', extensions: ['json'] }
const FILTERS: Readonly<Record<FilePurpose, Electron.FileFilter>> = {
  model: { name: 'GGUF models', extensions: ['gguf'] },
  certificates: { name: 'Certificates', extensions: ['pem', 'crt', 'cer'] },
  'identity-backup': BACKUPS,
  'new-identity-backup': BACKUPS,
}

/**
 * The system's own dialog over our window, one at a time; null when nobody chose, and without a window. The page names
 * a purpose and hears a path: it never lists a folder.
 */
export function createFileChooser({ dialog }: Pick<ElectronModule, 'dialog'>, window: Pick<MainWindow, 'current'>) {
  let isOpen = false

  async function ask(parent: Electron.BrowserWindow, { purpose, near }: FileChoice): Promise<string | null> {
    const place = { title: TITLES[purpose], ...(near !== undefined && { defaultPath: near }) }
    if (purpose === 'new-identity-backup') {
      const { canceled, filePath } = await dialog.showSaveDialog(parent, {
        ...place,
        filters: [FILTERS[purpose]],
        // What is there already is refused by the one who writes: a backup is never written over another.
        properties: ['createDirectory'],
      })
      return canceled || filePath === '' ? null : filePath
    }
    const { canceled, filePaths } = await dialog.showOpenDialog(parent, {
      ...place,
      filters: [FILTERS[purpose]],
      properties: ['openFile'],
    })
    return canceled ? null : (filePaths[0] ?? null)
  }

  return async (choice: FileChoice): Promise<string | null> => {
    const parent = window.current
    if (isOpen || !parent) return null
    isOpen = true
    try {
      return await ask(parent, choice)
    } finally {
      isOpen = false
    }
  }
}
