import type { AppView, Light, LightId, PauseReason, Unsaved, UpdateView } from '../../src-shared/app-view'
import type { StatusShape } from '../../src-shared/status'

export const LIGHTS = {
  title: 'Connections',
  hint: 'Each on its own: one may be out while the others are well.',
  none: 'Not looked at yet.',
  unsteady: 'Unsteady',
  changed: 'Changed',
} as const

export const LIGHT_NAMES: Readonly<Record<LightId, string>> = {
  internet: 'Internet',
  lan: 'Local network',
  discovery: 'LAN discovery',
  coordinator: 'Coordinator',
  bootstrap: 'Bootstrap peers',
  relay: 'Relay',
}

export function lightWords({ state, isUnsteady }: Light): { word: string; shape: StatusShape } {
  if (state === 'up')
    return isUnsteady ? { word: 'unsteady', shape: 'degraded' } : { word: 'connected', shape: 'visible' }
  return state === 'down' ? { word: 'not connected', shape: 'problem' } : { word: 'not known', shape: 'waiting' }
}

export const UNSAVED = {
  title: 'Not saved',
  text: 'It is kept in memory, and tried again every few seconds. Free disk space, or make the data directory writable; until then a restart would lose it.',
} as const

const FILE_WORDS: Readonly<Record<string, string>> = {
  'settings.json': 'the settings',
  'coordinator.json': 'what the coordinator was told',
  'membership.json': 'the membership of the network',
  'standing.json': 'what the coordinator has said',
  'peers.json': 'peers that were met',
  'announced.json': 'what others were told',
  'speeds.json': 'measured speeds',
  'own-log.jsonl': 'the log of your nodes',
  'espalier.log': 'the log',
}

export function unsavedNames(unsaved: readonly Unsaved[]): string {
  return unsaved.map(({ file }) => FILE_WORDS[file] ?? file).join(', ')
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
} as const

export function takenOutWords(takenOut: readonly { what: string; count: number }[]): string {
  return takenOut.map(({ what, count }) => (count === 1 ? what : `${what} (${count})`)).join(', ')
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
} as const

export const SYSTEM = {
  title: 'This computer',
  loginLabel: 'Start when you log in',
  loginHint: 'In the tray where there is one, without a window.',
  loginFailed: 'The system did not take it over; the log says why.',
  noticesLabel: 'Notify me',
  noticesHint:
    'When the host approves or rejects, when the node is stuck, and of a new version. Never for anything else.',
  updateLabel: 'Version',
} as const

export function updateWords(
  { version }: Pick<AppView, 'version'>,
  update: UpdateView,
): { hint: string; button: string | null } {
  const next = update.version ?? ''
  switch (update.state) {
    case 'checking':
      return { hint: `${version}. Looking for a newer one…`, button: null }
    case 'downloading':
      return { hint: `${version}. ${next} is being fetched.`, button: null }
    case 'ready':
      return { hint: `${version}. ${next} is here and verified.`, button: 'Install and restart' }
    case 'available':
      return { hint: `${version}. ${next} is there. ${update.note}`, button: 'Look again' }
    case 'refused':
    case 'failed':
      return { hint: `${version}. ${update.note}`, button: 'Look again' }
    case 'current':
      return { hint: `${version}, the newest.`, button: 'Look again' }
    case 'idle':
      return { hint: version, button: update.way === 'none' ? null : 'Look for a newer one' }
  }
}

export const INVITED = {
  title: 'You opened an invite',
  text: (host: string, until: string) =>
    `It leads to the network of ${host} and is good until ${until}. Joining leaves the network that you are in now, and tells that coordinator this node’s name and what it offers.`,
  yes: 'Join this network',
  joining: 'Joining…',
  no: 'Not now',
} as const

/** `22:30` of minutes since midnight, and back; null for what is no time. */
export function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

export function minutesOf(time: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(time)
  return found ? Number(found[1]) * 60 + Number(found[2]) : null
}
