import type { LookName, OthersSee, StatusShape } from '../../src-shared/status'

type LookState = OthersSee['steps'][number]['state']

export const OTHERS_SEE = {
  title: 'As others see you',
  lead: 'What a map of the network does to find this node, done through other peers.',
  stopped: 'The node is not running, so nobody can look at it.',
  waiting: 'Nobody has looked yet. That comes after the node has announced itself.',
  by: 'Seen by',
  table: 'Peers in the routing table',
  changed: 'last change',
  map: 'Public map',
  asked: 'asked',
} as const

export const LOOKS: Readonly<Record<LookName, string>> = {
  index: 'The model is listed',
  records: 'The records are found',
  call: 'A call is answered',
  read: 'The record can be read',
  row: 'The row says what you serve',
}

export const LOOK_STATES: Readonly<Record<LookState, { word: string; shape: StatusShape }>> = {
  pass: { word: 'passes', shape: 'visible' },
  fail: { word: 'fails', shape: 'problem' },
  unknown: { word: 'not known', shape: 'waiting' },
}

/** How much of what may be asked of a map in an hour was asked. */
export function budgetWords({ asked, budget }: { asked: number; budget: number }): string {
  return `${OTHERS_SEE.asked} ${asked} of ${budget} times this hour`
}
