import type { NodeStatus } from '../../src-shared/status'
import { formatBytes, formatCores } from '../format'

type Resources = NodeStatus['resources']
type OverCap = NonNullable<Resources['over']>[number]

export const COMPUTER = {
  title: 'This computer',
  notRunning: 'not running',
  hostMemory: ['Memory, app', 'Resident memory of the app itself, as the system reports it'],
  engineMemory: ['Memory, engine', 'Resident memory of the process that computes, with your blocks'],
  processor: ['Processor', 'App and engine together, over the last sample'],
  cards: ['Graphics memory', 'What all programs use of the cards that compute here, as their driver reports it'],
  network: [
    'Network, peers',
    'Received and sent over connections to other peers, encrypted bytes. What the coordinator and web servers send is not in it',
  ],
} as const

export const CALLS = {
  title: 'Calls of other peers',
  hint: 'Since the node started',
  lead: 'Each peer has a part of its own, and all share the rest. What goes beyond is refused before it costs much.',
  none: 'Nobody has asked this node anything yet.',
  notRunning: 'The node does not run.',
  answered: 'answered',
  refused: 'refused',
  protocol: 'Protocol',
  early: 'before it was said what for',
} as const

/** `↓ 1.2 kB/s ↑ 30 B/s`; totals while no rate is known. */
export function networkWords({ network }: Pick<Resources, 'network'>): { now: string; total: string } | null {
  if (!network) return null
  const { receivedPerS, sentPerS, receivedBytes, sentBytes } = network
  const total = `↓ ${formatBytes(receivedBytes)} ↑ ${formatBytes(sentBytes)}`
  if (receivedPerS === null || sentPerS === null) return { now: total, total }
  return { now: `↓ ${formatBytes(Math.round(receivedPerS))}/s ↑ ${formatBytes(Math.round(sentPerS))}/s`, total }
}

/** What stays above a limit, and what to do about it. */
export function overWords({ what, used, cap }: OverCap): { lead: string; text: string } {
  return what === 'memory'
    ? {
        lead: 'More memory than you offer',
        text: `App and engine use ${formatBytes(used)} of ${formatBytes(cap)}. Ask for fewer blocks, or offer more, in the settings.`,
      }
    : {
        lead: 'More processor than you allow',
        text: `App and engine keep ${formatCores(used)} busy, of ${formatCores(cap)}. The log says what else happens.`,
      }
}
