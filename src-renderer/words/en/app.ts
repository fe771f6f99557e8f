import type { LightId, PauseReason } from '../../../src-shared/app-view'

export const LIGHTS = {
  title: 'Connections',
  hint: 'Each on its own: one may be out while the others are well.',
  none: 'Not looked at yet.',
  unsteady: 'Unsteady',
  changed: 'Changed',
  up: 'connected',
  unsteadyUp: 'unsteady',
  down: 'not connected',
  unknown: 'not known',
}

export const LIGHT_NAMES: Readonly<Record<LightId, string>> = {
  internet: 'Internet',
  lan: 'Local network',
  discovery: 'LAN discovery',
  coordinator: 'Coordinator',
  bootstrap: 'Bootstrap peers',
  relay: 'Relay',
}

export const UNSAVED = {
  title: 'Not saved',
  text: 'Free disk space, or make the data directory writable. What the node notes by itself is kept in memory until then, and tried again every few seconds; a restart would lose it. What you wanted to save was refused: save it again.',
}

export const STATE_FILES: Readonly<Record<string, string>> = {
  'settings.json': 'the settings',
  'coordinator.json': 'what the coordinator was told',
  'membership.json': 'the membership of the network',
  'standing.json': 'what the coordinator has said',
  'peers.json': 'peers that were met',
  'announced.json': 'what others were told',
  'speeds.json': 'measured speeds',
  'own-log.jsonl': 'the log of your nodes',
  'secrets.json': 'tokens',
  'espalier.log': 'the log',
}

export const SUPPORT = {
  copy: 'Copy for support',
  copied: 'Copied',
  copyFailed: 'Copying is not allowed here',
  open: 'Make a bundle…',
  opening: 'Making it…',
  title: 'What would leave this computer',
  lead: 'Nothing is sent. This is the whole text; read it, then copy it or save it as a file.',
  takenOut: 'Taken out',
  nothingTakenOut: 'Nothing private was found in it.',
  region: 'The bundle',
  save: 'Save as a file',
  saved: 'Saved at',
  close: 'Close',
  failed: 'That could not be done',
}

export const OWNER = {
  title: 'You come first',
  lead: 'When one of these holds, the node tells the network, gives its memory back and rests. It starts again by itself a minute after.',
  reasons: {
    battery: { label: 'Rest on battery', hint: 'While this computer is not plugged in.' },
    metered: { label: 'Rest on a paid connection', hint: 'While the system calls the connection metered.' },
    'full-screen': { label: 'Rest while a program fills the screen', hint: 'Games, films and presentations.' },
    'user-active': {
      label: 'Rest while you work here',
      hint: 'Until nobody has touched mouse or keys for two minutes.',
    },
  } satisfies Partial<Record<PauseReason, { label: string; hint: string }>>,
  quietLabel: 'Quiet hours',
  quietHint: 'Every day in between the node rests, and nothing notifies you. By this computer’s clock.',
  quietFrom: 'From',
  quietTo: 'To',
  cannot: 'This system does not say',
}

export const SYSTEM = {
  title: 'This computer',
  loginLabel: 'Start when you log in',
  loginHint: 'In the tray where there is one, without a window.',
  loginFailed: 'The system did not take it over; the log says why.',
  noticesLabel: 'Notify me',
  noticesHint:
    'When the host approves or rejects, when the node is stuck, and of a new version. Never for anything else.',
  updateLabel: 'Version',
}

/** What stands beside the version; `next`: the newer one. */
export const UPDATE = {
  checking: (version: string) => `${version}. Looking for a newer one…`,
  downloading: (version: string, next: string) => `${version}. ${next} is being fetched.`,
  ready: (version: string, next: string) => `${version}. ${next} is here and verified.`,
  available: (version: string, next: string, note: string) => `${version}. ${next} is there. ${note}`,
  current: (version: string) => `${version}, the newest.`,
  install: 'Install and restart',
  lookAgain: 'Look again',
  look: 'Look for a newer one',
}

export const INVITED = {
  title: 'You opened an invite',
  text: (host: string, until: string) =>
    `It leads to the network of ${host} and is good until ${until}. Joining leaves the network that you are in now, and tells that coordinator this node’s name and what it offers.`,
  yes: 'Join this network',
  joining: 'Joining…',
  no: 'Not now',
}

/** Something long that a click copies. */
export const COPY = {
  click: 'Click to copy',
  label: (what: string, text: string) => `Copy ${what} ${text}`,
  copied: 'Copied',
  failed: 'Select it on hover: copying is not allowed here',
  peerId: 'the peer id',
}

/** What the page itself reports, without the node. */
export const PAGE_FAILURES = {
  reload: 'Reload the page.',
  answerLost: 'The connection to the node was lost, and with it the rest of this answer',
  askAgain: 'Ask again when the page is connected.',
}
