import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const RUNGS: Catalogue['RUNGS'] = {
  L0: { title: 'Nichts hier', hint: 'Kein Byte Ihrer Blöcke liegt auf diesem Computer.' },
  L1: { title: 'Teilweise hier', hint: 'Einige Stücke Ihrer Blöcke sind da.' },
  L2: { title: 'Auf dem Datenträger', hint: 'Alle Bytes sind da; niemand hat sie geprüft.' },
  L3: { title: 'Jedes Stück stimmt mit seinem Hash überein', hint: 'Es sind die Bytes aus dem Manifest.' },
  L4: { title: 'Eingeblendet', hint: 'Die Engine hat die Dateien geöffnet.' },
  L5: { title: 'Geladen', hint: 'Die Blöcke sind im Speicher des Geräts, das rechnet.' },
  L6: { title: 'Testdurchlauf wie erwartet', hint: 'Die Blöcke rechnen, was sie sollen.' },
  L7: { title: 'Von einem anderen Knoten benutzt', hint: 'Jemand anderes hat mit ihnen gerechnet.' },
}

export const SHARDS: Catalogue['SHARDS'] = {
  ladderTitle: 'Wie weit sie geprüft sind',
  toldFrom: 'Ab hier bekannt gemacht',
  diskTitle: 'Auf dem Datenträger',
  piecesTitle: 'Stücke',
  piecesHelp: 'Ein Stück reicht nie über zwei Blöcke. Wählen Sie einen Block, um seine Stücke zu sehen.',
  loading: 'Was auf dem Datenträger liegt, wird gelesen\u00a0…',
  readingAgain: 'Erneut lesen',
  failed: 'Was auf dem Datenträger liegt, konnte nicht gelesen werden',
  yoursVerified: 'Ihre, geprüft',
  yoursUnverified: 'Ihre, noch nicht geprüft',
  notNeeded: 'hier nicht gebraucht',
  rows: {
    model: 'Modell',
    architecture: 'Architektur',
    quantization: 'Quantisierung',
    pieces: 'Ihre Stücke',
    root: 'Manifest',
    directory: 'Ordner',
  },
  leadNoModel: 'Welche Blöcke eines Modells auf diesem Computer liegen und wie weit sie geprüft sind.',
  lead: (model) => `Welche Blöcke von ${model} auf diesem Computer liegen und wie weit sie geprüft sind.`,
  stoppedTitle: 'Nichts auf dem Datenträger',
  stoppedText:
    'Blöcke kommen mit einem Netzwerk: Starten Sie den Knoten, dann wird hier geladen und geprüft, was er bekommt.',
  emptyTitle: 'Noch nichts auf dem Datenträger',
  emptyText:
    'Der Host des Netzwerks entscheidet, welche Blöcke Ihre sind. Dann werden sie Stück für Stück geladen und geprüft.',
  lessThanOne: 'weniger als 1',
  share: (percent, model) => `${percent}\u00a0% der ${model} des Modells`,
  pieceCount: (count) => counted(count, '# Stück', '# Stücke'),
  needed: (count, all) => `${formatWhole(count)} von ${all}`,
  manifestHash: 'den Hash des Manifests',
  folder: 'den Ordner',
  pieceHash: (index) => `den Hash von Stück ${index},`,
  own: 'Ihre',
  groups: {
    entry: { label: 'ein', name: 'Token-Einbettung' },
    exit: { label: 'aus', name: 'Letzte Normierung und Ausgabe' },
    shared: { label: 'alle', name: 'Von allen Blöcken geteilt' },
  },
}
