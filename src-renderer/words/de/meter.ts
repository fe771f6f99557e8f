import type { Catalogue } from '..'
import { counted } from '../counted'

export const METER: Catalogue['METER'] = {
  title: 'Was ein Beitritt ändern würde',
  lead: 'Jetzt gemessen, als Gast: eine kurze Antwort des Netzwerks, die Wege zu seinen Knoten und einige Schritte auf diesem Computer. Es wird nichts angemeldet.',
  run: 'Messen',
  again: 'Erneut messen',
  stop: 'Anhalten',
  alone: 'Dieser Computer allein',
  now: 'Das Netzwerk jetzt',
  together: 'Auch über diesen Computer',
  measured: 'gemessen',
  reckoned: 'aus den Teilen berechnet',
  unknown: 'nicht bekannt',
  unit: 'Token/s',
  over: (nodes) => counted(nodes, 'gemessen, über # Knoten', 'gemessen, über # Knoten'),
  withBlocks: (blocks) => `aus den Teilen berechnet, mit Blöcken ${blocks}`,
}

export const METER_STAGE_WORDS: Catalogue['METER_STAGE_WORDS'] = {
  network: 'Es wird gesucht, wer das Modell bereitstellt\u00a0…',
  answer: 'Eine Antwort des Netzwerks wird gemessen\u00a0…',
  computer: 'Dieser Computer wird gemessen\u00a0…',
}

export const METER_VERDICTS: Catalogue['METER_VERDICTS'] = {
  completes: 'Zurzeit kommt keine Antwort durch. Mit diesem Computer käme eine durch.',
  faster: 'Eine Antwort über diesen Computer ist schneller als eine jetzige.',
  same: 'Eine Antwort über diesen Computer ist etwa so schnell wie eine jetzige.',
  slower:
    'Eine Antwort über diesen Computer ist langsamer als eine jetzige. Er schafft dennoch Platz für mehr Unterhaltungen und springt ein, wenn ein anderer Knoten geht.',
  unknown: 'Was dieser Computer ändern würde, ist nicht bekannt.',
}
