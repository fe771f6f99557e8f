import type { LookName, OthersSee } from '../../../src-shared/status'

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
  budget: (asked: number, budget: number) => `asked ${asked} of ${budget} times this hour`,
}

export const LOOKS: Readonly<Record<LookName, string>> = {
  index: 'The model is listed',
  records: 'The records are found',
  call: 'A call is answered',
  read: 'The record can be read',
  row: 'The row says what you serve',
}

export const LOOK_STATES: Readonly<Record<LookState, string>> = {
  pass: 'passes',
  fail: 'fails',
  unknown: 'not known',
}
