import type { Catalogue } from '..'
import { counted } from '../counted'

export const TALK: Catalogue['TALK'] = {
  title: 'Gespräche mit anderen Knoten',
  lead: 'Streams jedes Protokolls seit dem Start des Knotens, und abgelehnte Anrufe anderer.',
  protocol: 'Protokoll',
  opened: 'Von uns',
  accepted: 'Von anderen',
  refused: 'Abgelehnt',
  open: 'Offen',
  whyRefused:
    'Jeder Peer hat einen eigenen Anteil, den Rest teilen sich alle. Was darüber hinausgeht, wird abgelehnt, bevor es viel kostet.',
  refusedEarly: (calls) =>
    counted(calls, '# Anruf endete, bevor gesagt war, wofür.', '# Anrufe endeten, bevor gesagt war, wofür.'),
  loading: 'Der Knoten wird gefragt\u00a0…',
  stopped: 'Der Knoten läuft nicht.',
  none: 'Noch kein Stream.',
  failed: 'Der Knoten hat es nicht gesagt',
  verbose: 'Mitschreiben, was libp2p tut',
  verboseHint:
    '30 Minuten lang, als Debug-Zeilen im Protokoll und in seinen Dateien. Die Zeilen nennen Peers und Adressen.',
  verboseUntil: 'Als Debug-Zeilen im Protokoll und in seinen Dateien. Endet von selbst um',
}
