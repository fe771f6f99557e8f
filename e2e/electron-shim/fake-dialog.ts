import type { Dialog, MessageBoxOptions, OpenDialogOptions, SaveDialogOptions } from 'electron'
import type { Like } from './fake-types'

const PROPERTIES: Readonly<Record<'showOpenDialog' | 'showSaveDialog', readonly string[]>> = {
  showOpenDialog: ['openFile', 'openDirectory', 'multiSelections', 'showHiddenFiles', 'createDirectory'],
  showSaveDialog: ['showHiddenFiles', 'createDirectory', 'showOverwriteConfirmation'],
}

export type AskedFile = { dialog: keyof typeof PROPERTIES } & (OpenDialogOptions | SaveDialogOptions)

export interface FakeDialogOptions {
  needReady(what: string): void
  /** Whether something is a window that is open. */
  isWindow(value: unknown): boolean
}

/** Dialogs that nobody sees: what they asked is kept, and they answer like somebody who presses Escape. */
export function createFakeDialog({ needReady, isWindow }: FakeDialogOptions) {
  const asked: MessageBoxOptions[] = []
  const errorBoxes: { title: string; content: string }[] = []
  const files: AskedFile[] = []
  /** What the next file dialogs answer; a test fills it. */
  const chosen: (string | null)[] = []

  /** As strict as Electron, and more: a dialog without our window can lie under it. */
  function askFile(dialog: keyof typeof PROPERTIES, args: readonly unknown[]): string | null {
    needReady(`dialog.${dialog}`)
    const [window, options] = args as [unknown, OpenDialogOptions]
    if (!isWindow(window)) throw new TypeError(`dialog.${dialog}: the first argument is no window`)
    for (const property of options.properties ?? [])
      if (!PROPERTIES[dialog].includes(property)) throw new TypeError(`dialog.${dialog}: no property ${property}`)
    for (const { name, extensions } of options.filters ?? [])
      if (!name || extensions.some((one) => one !== '*' && /[.*]/.test(one)))
        throw new TypeError(`dialog.${dialog}: a filter has a name, and extensions without dots and wildcards`)
    if (options.defaultPath !== undefined && typeof options.defaultPath !== 'string')
      throw new TypeError(`dialog.${dialog}: defaultPath is no text`)
    files.push({ dialog, ...options })
    return chosen.shift() ?? null
  }

  const dialog: Like<Dialog, 'showErrorBox'> &
    Record<'showMessageBox' | keyof typeof PROPERTIES, (...args: unknown[]) => Promise<unknown>> = {
    showErrorBox: (title, content) => void errorBoxes.push({ title, content }),
    async showMessageBox(...args) {
      const question = args.at(-1) as MessageBoxOptions
      asked.push(question)
      return { response: question.cancelId ?? 0, checkboxChecked: false }
    },
    async showOpenDialog(...args) {
      const path = askFile('showOpenDialog', args)
      return { canceled: path === null, filePaths: path === null ? [] : [path] }
    },
    async showSaveDialog(...args) {
      const path = askFile('showSaveDialog', args)
      return { canceled: path === null, filePath: path ?? '' }
    },
  }
  return { dialog, asked, errorBoxes, files, chosen }
}
