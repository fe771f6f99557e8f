import { formatWhole } from '../../format'

/** What a figure is called, and what it says on hover. */
type Figure = readonly [name: string, hint: string]

export const COMPUTER = {
  title: 'This computer',
  notRunning: 'not running',
  hostMemory: ['Memory, app', 'Resident memory of the app itself, as the system reports it'] as Figure,
  engineMemory: ['Memory, engine', 'Resident memory of the process that computes, with your blocks'] as Figure,
  processor: ['Processor', 'App and engine together, over the last sample'] as Figure,
  cards: [
    'Graphics memory',
    'What all programs use of the cards that compute here, as their driver reports it',
  ] as Figure,
  network: [
    'Network, peers',
    'Received and sent over connections to other peers, encrypted bytes. What the coordinator and web servers send is not in it',
  ] as Figure,
  used: (used: string, total: string) => `${used} of ${total}`,
  inAll: (hint: string, total: string) => `${hint}. In all: ${total}`,
}

/** What stays above a limit, and what to do about it. */
export const OVER = {
  memory: {
    lead: 'More memory than you offer',
    text: (used: string, cap: string) =>
      `App and engine use ${used} of ${cap}. Ask for fewer blocks, or offer more, in the settings.`,
  },
  processor: {
    lead: 'More processor than you allow',
    text: (used: string, cap: string) => `App and engine keep ${used} busy, of ${cap}. The log says what else happens.`,
  },
}

export const GIVEN = {
  title: 'Given',
  notRunning: 'not running',
  up: (span: string) => `up ${span}`,
  tokens: 'tokens served',
  requests: (count: number): string => (count === 1 ? 'request' : 'requests'),
  inAll: (count: number) => `${formatWhole(count)} over all runs of this node`,
}
