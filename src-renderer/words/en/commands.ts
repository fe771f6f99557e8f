import type { Page } from '../../router'
import { counted } from '../counted'

export const PALETTE = {
  open: 'Commands',
  title: 'Commands',
  placeholder: 'Go to a page, or do something',
  list: 'Commands that fit',
  nothing: 'Nothing here is called that.',
  skip: 'Skip to the page',
  keys: '↑ ↓ choose · Enter does it · Esc closes',
}

export function countWords(count: number): string {
  return counted(count, '# command', '# commands')
}

export const GROUPS = {
  page: 'Page',
  node: 'Node',
  files: 'Files',
  network: 'Network',
  help: 'Help',
  try: 'Try it',
  colours: 'Colours',
  app: 'App',
}

/** What else people might type for a page: what it holds. */
export const PAGE_KEYWORDS: Readonly<Record<Page, string>> = {
  overview: 'home status steps contribution week tokens requests memory processor',
  shards: 'blocks model file pieces fetch download disk space catalogue readiness',
  peers: 'nodes neighbours table list',
  try: 'prompt ask chat answer generate text',
  host: 'coordinator approve reject pending invite workers own network',
  diagnostics: 'checks log lights connections internet bundle support doctor',
  settings:
    'options preferences name port threads memory graphics card battery quiet hours login tray notifications token api key',
}

export const COMMANDS = {
  peersCapabilities: 'What each node can do',
  peersMap: 'Peers on a map',
  peersPath: 'Path of the last answer',
  start: 'Start the node',
  stop: 'Stop the node…',
  reapply: 'Ask the host again',
  retry: 'Try to reach the node now',
  peerId: 'Copy this node’s peer id',
  load: 'Load the blocks now',
  pause: 'Pause fetching',
  resume: 'Go on with fetching',
  cancel: 'Cancel fetching…',
  space: 'Free disk space',
  leave: 'Choose another network…',
  meter: 'Measure what this network changes',
  invite: 'Make an invite',
  stopHosting: 'Stop hosting…',
  diagnose: 'Run the diagnosis of the shards',
  check: 'Run all checks',
  copySupport: 'Copy for support',
  bundle: 'Make a support bundle',
  shortcuts: 'Keyboard shortcuts',
  stopWriting: 'Stop writing',
  newChat: 'New chat',
  update: 'Look for a newer version',
}

/** What else people might type for a command. */
export const COMMAND_KEYWORDS = {
  start: 'run begin on normally serve',
  stop: 'end off shut down',
  reapply: 'apply again rejected register approval',
  retry: 'reconnect connect contact again',
  peerId: 'identity address',
  load: 'fetch again prove shards model',
  pause: 'download hold',
  resume: 'download continue',
  cancel: 'download abort end',
  leave: 'join leave switch invite coordinator',
  meter: 'meter speed compare alone joining',
  invite: 'host qr link join',
  stopHosting: 'coordinator end',
  stopWriting: 'answer cancel generation',
  newChat: 'forget clear conversation',
  diagnose: 'runbook problem report shards',
  check: 'diagnostics doctor again',
  copySupport: 'summary clipboard report',
  bundle: 'export save redacted log report',
  shortcuts: 'keys hotkeys list help',
  peersCapabilities: 'matrix filter room speed quantization relay',
  peersMap: 'world globe where',
  peersPath: 'route hops latency pipeline',
  space: 'remove delete files reclaim full',
  update: 'update version upgrade',
}
export const THEME_KEYWORDS: string = 'theme colours colors appearance mode'

/** Why something cannot be done now. */
export const BLOCKED = {
  noContact: 'No contact with the node',
  readOnly: 'This link can look and not change',
  busy: 'The last command is still under way',
  noNetwork: 'No network is chosen',
  running: 'It is running',
  stopped: 'It is stopped',
  stopping: 'It is stopping',
  notRejected: 'The host has not turned this node down',
  connected: 'It answers',
  noPeerId: 'The node has none before its first start',
  noBlocks: 'The host has assigned none yet',
  loaded: 'They are loaded and proved',
  nothingFetched: 'Nothing is being fetched',
  isPaused: 'It is paused',
  notPaused: 'It is not paused',
  noCoordinator: 'A demo has nothing to compare with',
  measuring: 'It is being measured',
  notHosting: 'No network is hosted here',
  diagnosing: 'It is running already',
  isChosen: 'Chosen already',
  nothingWritten: 'Nothing is being written',
  noChat: 'There is no chat to end',
  offline: 'The internet is out of reach',
  noUpdate: 'There is nothing to install or to look for now',
}

export const QUESTIONS = {
  stop: {
    title: 'Stop the node?',
    text: 'It says goodbye to the network and gives its memory back. Answers that pass through it now go on elsewhere or are cut off.',
    yes: 'Stop',
    no: 'Keep it running',
  },
  cancel: {
    title: 'Cancel fetching?',
    text: 'Nothing more is fetched until you choose “Load the blocks now”. What was fetched is kept.',
    yes: 'Cancel fetching',
    no: 'Go on',
  },
  update: {
    title: 'Install and restart?',
    text: 'The node takes its leave, the new version is installed, and the app starts again.',
    yes: 'Install and restart',
    no: 'Not now',
  },
}

export const SAID = {
  copied: 'Copied',
  copyFailed: 'Copying is not allowed here',
  noSummary: 'It could not be made; Diagnostics says why',
}

export const SHORTCUTS = {
  title: 'Keyboard shortcuts',
  close: 'Close',
  column: 'Keys',
  does: 'What they do',
  rows: {
    palette: 'Every page and command, by name',
    shortcuts: 'This list',
    skip: 'First on every page: past the menu',
    send: 'Send the prompt',
    line: 'A new line in the prompt',
    close: 'Close what is open, and change nothing',
    scroll: 'Scroll the log, when it has the focus',
  },
}
