import type { NodeAction } from '../../../src-shared/node-action'
import type { PeerSummary, StatusShape } from '../../../src-shared/status'
import type { Theme } from '../../theme'
import { counted } from '../counted'

export const SHAPE_NAMES: Readonly<Record<StatusShape, string>> = {
  visible: 'visible',
  working: 'working',
  waiting: 'waiting',
  degraded: 'degraded',
  problem: 'problem',
  stopped: 'stopped',
}

export const PEER_STATES: Readonly<Record<PeerSummary['state'], string>> = {
  online: 'Online',
  joining: 'Joining',
  offline: 'Offline',
  unreachable: 'Unreachable',
  unknown: 'Unknown',
}

export const THEME_NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' }

export const PROFILES: Readonly<Record<string, string>> = {
  none: 'No network yet',
  local: 'This computer only',
  espalier: 'Espalier network',
  kwaai: 'KwaaiNet',
  petals: 'Petals',
}

/** Who serves which block. `blocks`: "block 3" or "blocks 1–2, 4". */
export const COVERAGE = {
  blocks: (ranges: string, isOne: boolean) => `${isOne ? 'block' : 'blocks'} ${ranges}`,
  unknown: 'Not known yet who serves which block',
  gaps: (blocks: string) => `Nobody serves ${blocks} yet`,
  single: 'Every block has at least one copy',
  least: (copies: number) => `Every block has ${copies} or more copies`,
  own: 'yours',
  none: 'served by nobody',
  copies: (count: number) => counted(count, '# copy', '# copies'),
  count: (blocks: number) => counted(blocks, '# block', '# blocks'),
  block: (block: number) => `Block ${block}`,
  notKnown: 'not known yet',
  ownRange: (blocks: string) => `yours, ${blocks}`,
  ownCopy: 'your copy',
  ownUnproved: 'yours, not proved yet',
  otherCopy: 'a copy elsewhere',
}

/** The one thing to do about a node; src-shared/node-action.ts says which. */
export const NODE_ACTIONS: Readonly<Record<NodeAction['word'], string>> = {
  start: 'Start',
  startNormally: 'Start normally',
  stopping: 'Stopping…',
  stop: 'Stop',
}
