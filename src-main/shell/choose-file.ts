import type { FileChoice, FilePurpose } from '../../src-shared/file-choice'
import type { ElectronModule } from './electron-module'
import type { MainWindow } from './window'
import type { ShellWords } from './words'

function filterFor(purpose: FilePurpose, words: ShellWords['files']): Electron.FileFilter {
  switch (purpose) {
    case 'model':
      return { name: words.models, extensions: ['gguf'] }
    case 'certificates':
      return { name: words.certificates, extensions: ['pem', 'crt', 'cer'] }
    default:
      return { name: words.backups, extensions: ['json'] }
  }
}

/**
 * The system's own dialog over our window, one at a time; null when nobody chose, and without a window. The page names
 * a purpose and hears a path: it never lists a folder.
 */
export function createFileChooser(
  { dialog }: Pick<ElectronModule, 'dialog'>,
  window: Pick<MainWindow, 'current'>,
  words: () => ShellWords,
) {
  let isOpen = false

  async function ask(parent: Electron.BrowserWindow, { purpose, near }: FileChoice): Promise<string | null> {
    const filters = [filterFor(purpose, words().files)]
    const place = { title: words().files.titles[purpose], filters, ...(near !== undefined && { defaultPath: near }) }
    if (purpose === 'new-identity-backup') {
      const { canceled, filePath } = await dialog.showSaveDialog(parent, {
        ...place,
        // What is there already is refused by the one who writes: a backup is never written over another.
        properties: ['createDirectory'],
      })
      return canceled || filePath === '' ? null : filePath
    }
    const { canceled, filePaths } = await dialog.showOpenDialog(parent, {
      ...place,
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
