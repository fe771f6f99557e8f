import type { FilePurpose } from '../../../src-shared/file-choice'
import type { NodeAction } from '../../../src-shared/node-action'
import type { NodePhrases } from '../../../src-shared/node-says'

const whole = (count: number) => count.toLocaleString('en-GB')

/** What the system shows for the app, outside its page: menu, tray, notifications, dialogs. */
export const EN = {
  /** What the node and its errors say; English is what they say by themselves. */
  says: null as NodePhrases | null,
  menu: {
    file: 'File',
    quit: 'Quit',
    edit: 'Edit',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select all',
    view: 'View',
    palette: 'Commands…',
    shortcuts: 'Keyboard shortcuts',
    actualSize: 'Actual size',
    larger: 'Larger',
    smaller: 'Smaller',
    fullScreen: 'Full screen',
    about: 'About Espalier',
    services: 'Services',
    hide: 'Hide Espalier',
    hideOthers: 'Hide others',
    showAll: 'Show all',
    quitApp: 'Quit Espalier',
    window: 'Window',
    minimize: 'Minimise',
    zoom: 'Zoom',
    front: 'Bring all to front',
  },
  tray: {
    open: 'Open Espalier',
    restart: 'Restart',
    peers: (count: number) => (count === 1 ? '1 peer' : `${whole(count)} peers`),
    tokens: (count: number) => (count === 1 ? '1 token computed' : `${whole(count)} tokens computed`),
    quit: 'Quit',
    actions: {
      start: 'Start',
      startNormally: 'Start normally',
      stop: 'Stop',
      stopping: 'Stopping…',
    } satisfies Record<NodeAction['word'], string>,
  },
  notices: {
    approved: 'Approved',
    notApproved: 'Not approved',
    newVersion: 'A new version',
    versionIsThere: (version: string) => `Espalier ${version} is there.`,
  },
  quit: {
    isServing: 'This computer is serving the network.',
    endsAnswers: 'Quitting ends what passes through it now; the network is told first.',
    stopAndQuit: 'Stop and quit',
    keepRunning: 'Keep running',
    isUnsaved: 'Some settings are not saved yet.',
    losesDraft: 'What you changed on the page of settings and did not save is lost.',
    quitWithoutSaving: 'Quit without saving',
    goBack: 'Go back',
  },
  close: {
    staysInTray: 'Espalier stays in the tray',
    detail:
      'The window closes and the node goes on as it is. The tray icon opens the window again. Under Settings you can choose that closing quits.',
    closeWindow: 'Close the window',
    quit: 'Quit Espalier',
  },
  page: { loadAgain: 'Load again', quit: 'Quit' },
  link: { cannotBeUsed: 'This link cannot be used', close: 'Close' },
  files: {
    titles: {
      model: 'Choose a model file',
      certificates: 'Choose a file of certificates',
      'identity-backup': 'Choose the backup of an identity',
      'new-identity-backup': 'Where the backup shall lie',
    } satisfies Record<FilePurpose, string>,
    models: 'GGUF models',
    certificates: 'Certificates',
    backups: 'Identity backups',
  },
  failed: {
    cannotStart: 'Espalier cannot start',
    dataDirectory: (why: string) => `The data directory cannot be used: ${why}`,
  },
}

/** Another language has the very same words, no fewer and no more. */
export type ShellWords = typeof EN
