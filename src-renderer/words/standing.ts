import { formatBlocks } from '../../src-shared/blocks'
import type { CoordinatorView, TimelineEntry, TimelineKind } from '../../src-shared/coordinator-view'
import { closeSentence, formatIn } from '../format'

export const STANDING = {
  title: 'You and the coordinator',
  empty: 'Nothing has happened yet.',
  answered: 'last answer',
  never: 'no answer yet',
  earlier: 'earlier',
  split: 'Recommended split',
  quantization: 'Quantization',
  openDashboard: 'Open coordinator dashboard',
  standbyTitle: 'On standby',
  standbyText:
    'The host has accepted this computer, and every block is served already. Nothing is loaded; it is asked when blocks are needed.',
} as const

/** The worker's states, in words; what the coordinator invents stays as it said it. */
const STATES: Readonly<Record<string, string>> = {
  unregistered: 'Not registered',
  registering: 'Registering',
  pending: 'Waiting for a decision',
  approved_loading: 'Approved, getting ready',
  online: 'Approved and online',
  standby: 'On standby',
  rejected: 'Turned down',
  draining: 'Leaving',
  stopped: 'Signed off',
}

export function stateWords(state: string): string {
  return STATES[state] ?? `Unknown state from coordinator: ${state}`
}

const TITLES: Readonly<Record<TimelineKind, string>> = {
  asked: 'You asked to join',
  waiting: 'The host was told',
  approved: 'Approved',
  reassigned: 'Other blocks were assigned',
  standby: 'Put on standby',
  rejected: 'Turned down',
  'asked-again': 'You asked again',
  forgotten: 'The coordinator had forgotten this node; it registered again',
  silent: 'The coordinator stopped answering',
  'answers-again': 'The coordinator answers again',
}

/** Who decided what, and why: "Approved by Ada: blocks 4–7." and the reason behind it. */
export function timelineWords({ kind, by, reason, blocks }: TimelineEntry): { what: string; why: string | null } {
  const who = by === '' ? '' : ` by ${by}`
  const which = blocks ? `: ${blocks.end - blocks.start === 1 ? 'block' : 'blocks'} ${formatBlocks(blocks)}` : ''
  return { what: `${TITLES[kind]}${who}${which}`, why: reason === '' ? null : closeSentence(reason) }
}

/** While the coordinator is silent: when it will drop this node, and how exact that is. Null while it answers. */
export function dropWords({ dropAt, sweepSlackMs }: CoordinatorView, now: number): string | null {
  if (dropAt === null) return null
  const slack = `It looks every ${Math.round(sweepSlackMs / 1_000)}\u00a0s, so it may be up to ${Math.round(sweepSlackMs / 1_000)}\u00a0s later.`
  return now < dropAt
    ? `The coordinator will drop you ${formatIn(dropAt - now)}. ${slack}`
    : `The coordinator has probably dropped you by now (±${Math.round(sweepSlackMs / 1_000)}\u00a0s). The node registers again by itself.`
}
