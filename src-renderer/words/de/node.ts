import type { Catalogue } from '..'
import { counted } from '../counted'

export const SHAPE_NAMES: Catalogue['SHAPE_NAMES'] = {
  visible: 'sichtbar',
  working: 'in Arbeit',
  waiting: 'wartet',
  degraded: 'eingeschränkt',
  problem: 'Problem',
  stopped: 'angehalten',
}

export const PEER_STATES: Catalogue['PEER_STATES'] = {
  online: 'Online',
  joining: 'Tritt bei',
  offline: 'Offline',
  unreachable: 'Nicht erreichbar',
  unknown: 'Unklar',
}

export const THEME_NAMES: Catalogue['THEME_NAMES'] = { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' }

export const PROFILES: Catalogue['PROFILES'] = {
  none: 'Noch kein Netzwerk',
  local: 'Nur dieser Computer',
  espalier: 'Espalier-Netzwerk',
  kwaai: 'KwaaiNet',
  petals: 'Petals',
}

export const COVERAGE: Catalogue['COVERAGE'] = {
  blocks: (ranges, isOne) => `${isOne ? 'Block' : 'Blöcke'} ${ranges}`,
  unknown: 'Noch nicht bekannt, wer welchen Block bereitstellt',
  gaps: (blocks) => `${blocks}: noch von niemandem bereitgestellt`,
  single: 'Von jedem Block gibt es mindestens eine Kopie',
  least: (copies) => `Von jedem Block gibt es ${copies} oder mehr Kopien`,
  own: 'Ihre',
  none: 'von niemandem bereitgestellt',
  copies: (count) => counted(count, '# Kopie', '# Kopien'),
  count: (blocks) => counted(blocks, '# Block', '# Blöcke'),
  block: (block) => `Block ${block}`,
  notKnown: 'noch nicht bekannt',
  ownRange: (blocks) => `Ihre, ${blocks}`,
  ownCopy: 'Ihre Kopie',
  ownUnproved: 'Ihre, noch nicht geprüft',
  otherCopy: 'eine Kopie anderswo',
}

export const NODE_ACTIONS: Catalogue['NODE_ACTIONS'] = {
  start: 'Starten',
  startNormally: 'Normal starten',
  stopping: 'Hält an\u00a0…',
  stop: 'Anhalten',
}
