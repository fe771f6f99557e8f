import type { ForeignWord, LookName, OthersSee } from '../../../src-shared/status'

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
  foreign: 'What peers of other programs show',
  foreignLead:
    'They are asked where there are too few witnesses. They sign nothing, so what counts is what two of them did, in different places.',
  returned: (found: number, asked: number) => `Returned ${found} of ${asked} records.`,
}

/** How a peer of another program came to this node; `from` is an address. */
export const FOREIGN_REACHES: Readonly<Record<ForeignWord['reach'], (from: string) => string>> = {
  fresh: (from) => `Asked to, it opened a new connection to this node from ${from}.`,
  called: (from) => `It called this node on a connection of its own, from ${from}.`,
  held: () => 'It says that it reaches this node, but opened no new connection: that does not count.',
  no: () => 'It says that it cannot reach this node.',
  silent: () => 'Asked to reach this node, it did not answer.',
  not_asked: () => '',
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
