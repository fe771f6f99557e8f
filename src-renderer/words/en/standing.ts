import type { TimelineKind } from '../../../src-shared/coordinator-view'

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
  unknownState: (state: string) => `Unknown state from coordinator: ${state}`,
  by: (title: string, who: string) => `${title} by ${who}`,
  willDrop: (when: string, slack: string) =>
    `The coordinator will drop you ${when}. It looks every ${slack}, so it may be up to ${slack} later.`,
  dropped: (slack: string) =>
    `The coordinator has probably dropped you by now (±${slack}). The node registers again by itself.`,
}

/** The worker's states, in words; what the coordinator invents stays as it said it. */
export const COORDINATOR_STATES: Readonly<Record<string, string>> = {
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

export const TIMELINE: Readonly<Record<TimelineKind, string>> = {
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
