import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const CAPABILITY: Catalogue['CAPABILITY'] = {
  title: 'Was jeder Knoten kann',
  says: 'Nach eigener Angabe der Knoten; ein Strich heißt, dass er nichts dazu gesagt hat.',
  search: 'Name, Blöcke, Quantisierung\u00a0…',
  only: 'Nur Knoten, die',
  node: 'Knoten',
  unknown: '–',
  unknownRead: 'keine Angabe',
  direct: 'direkt',
  byRelay: 'über ein Relay',
  full: 'voll',
  tokens: (count) => counted(count, '# Token', '# Token'),
  rate: (tokensPerSecond) => `${tokensPerSecond} Token/s`,
  nobody: 'Kein Knoten hier passt dazu.',
  clear: 'Alle zeigen',
}

export const CAPABILITY_NAMES: Catalogue['CAPABILITY_NAMES'] = {
  serves: { column: 'Stellt Blöcke bereit', wanted: 'gerade bereitstellen', hint: 'Online, mit diesen Blöcken' },
  direct: {
    column: 'Erreichbar',
    wanted: 'direkt erreichbar sind',
    hint: 'Direkt oder über ein Relay, was langsamer ist',
  },
  room: {
    column: 'Platz',
    wanted: 'Platz haben',
    hint: 'Token an Unterhaltungen, die noch in den Speicher passen',
  },
  speed: {
    column: 'Geschwindigkeit',
    wanted: 'ihre Geschwindigkeit nennen',
    hint: 'Einzelne Token durch seine Blöcke, wie er sie gemessen hat',
  },
  quantization: {
    column: 'Quantisierung',
    wanted: 'ihre Quantisierung nennen',
    hint: 'Wie die Gewichte gespeichert sind',
  },
}

export const fittingWords: Catalogue['fittingWords'] = (shown, all) =>
  shown === all ? counted(all, '# Knoten', '# Knoten') : `${formatWhole(shown)} von ${formatWhole(all)}`
