import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const FETCH: Catalogue['FETCH'] = {
  title: 'Dateien werden geladen',
  pausedTitle: 'Laden der Dateien ist unterbrochen',
  pause: 'Unterbrechen',
  resume: 'Fortsetzen',
  cancel: 'Abbrechen',
  cancelHint: 'Beendet es, bis Sie „Jetzt laden“ wählen. Was schon da ist, bleibt.',
  sourcesTitle: 'Woher es kommt',
  noSources: 'Noch keine Quelle bekannt.',
  excluded: 'wird nicht mehr gefragt',
  waiting: 'wartet',
  noRate: 'Die Geschwindigkeit erscheint nach fünf Sekunden mit Daten.',
  pausedHint: 'Von Ihnen unterbrochen. Was schon da ist, bleibt, auch über einen Neustart.',
  done: (verified, needed, verifiedPieces, neededPieces) =>
    `${verified} von ${needed}, ${formatWhole(verifiedPieces)} von ${formatWhole(neededPieces)} Stücken, jedes geprüft.`,
  checking: (done) => `Was auf diesem Computer liegt, wird geprüft: ${done}`,
  peers: (count) => counted(count, '# Knoten hat etwas davon.', '# Knoten haben etwas davon.'),
  left: (span) => `, noch etwa ${span}`,
}

export const SOURCES: Catalogue['SOURCES'] = {
  store: 'früher geladen',
  folder: 'im Shard-Ordner',
  file: 'eine Datei hier',
  lan: 'ein Knoten in der Nähe',
  swarm: 'ein Knoten',
  http: 'ein Webserver',
}

export const FOUND: Catalogue['FOUND'] = {
  title: 'Im Shard-Ordner',
  lead: 'Was hier liegt, wird genutzt, sobald diesem Knoten Blöcke zugewiesen sind, soweit es sie enthält. Jedes Stück wird dann geprüft.',
  copying: 'wird noch kopiert',
  unusable: 'nicht brauchbar',
  what: (model, blockCount) => `${model}, ${counted(blockCount, '# Block', '# Blöcke')}`,
}

export const DISK: Catalogue['DISK'] = {
  title: 'Platz auf diesem Datenträger',
  loading: 'Was auf diesem Datenträger liegt, wird zusammengezählt\u00a0…',
  failed: 'Was auf diesem Datenträger liegt, konnte nicht zusammengezählt werden',
  again: 'Erneut zählen',
  empty: 'Auf diesem Computer liegt kein Shard.',
  inUse: 'in Gebrauch',
  unused: 'nicht in Gebrauch',
  unfinished: 'unvollständig',
  unknownModel: 'Ein Modell ohne sein Manifest',
  free: 'Platz freigeben\u00a0…',
  freeing: 'Wird freigegeben\u00a0…',
  nothingToFree: 'Alles hier ist in Gebrauch.',
  confirmTitle: 'Diesen Platz freigeben?',
  confirmNo: 'Behalten',
  lastUsed: 'zuletzt benutzt',
  order:
    'Wird Platz gebraucht, geht zuerst, was am längsten nicht benutzt wurde, fremde Modelle vor Ihrem. Was in Gebrauch ist, bleibt.',
  noLimit: (free) => `Keine Grenze gesetzt; auf dem Datenträger sind ${free} frei.`,
  limit: (cap, free) => `Ihre Grenze ist ${cap}; auf dem Datenträger sind ${free} frei.`,
  overLimit: 'Was hier schon liegt, ist mehr; es schrumpft, sobald Platz gebraucht wird.',
  going: (count, total) =>
    `${counted(count, '# Shard, der nicht in Gebrauch ist, wird gelöscht', '# Shards, die nicht in Gebrauch sind, werden gelöscht')}, und ${total} werden frei. Werden sie wieder gebraucht, werden sie neu geladen.`,
  freeThis: (total) => `${total} freigeben`,
}

export const CATALOGUE: Catalogue['CATALOGUE'] = {
  title: 'Modelle zur Auswahl',
  loading: 'Liste der Modelle wird gelesen\u00a0…',
  failed: 'Die Liste der Modelle konnte nicht gelesen werden',
  lead: 'Ein Knoten stellt das Modell seines Netzwerks bereit. Für ein anderes treten Sie einem Netzwerk bei, das es hostet, oder hosten es selbst.',
  bundled: 'Liegt dieser App bei',
  needsHost: 'Braucht einen Coordinator',
  gated: 'Verlangt Zustimmung',
  gatedHint:
    'Nehmen Sie die Lizenz auf der Seite des Modells an und tragen Sie dann in den Einstellungen ein Hugging-Face-Token ein.',
  page: 'Zur Seite',
  blocks: (count) => counted(count, '# Block', '# Blöcke'),
}

export const FIT: Catalogue['FIT'] = {
  title: 'Was hineinpasst',
  loading: 'Es wird gesucht, was hier rechnen kann\u00a0…',
  failed: 'Was hineinpasst, konnte nicht berechnet werden',
  again: 'Erneut suchen',
  noModel:
    'Noch kein Modell bekannt. Treten Sie einem Netzwerk bei oder wählen Sie oben eine Modelldatei; dann steht hier, wie viele Blöcke passen.',
  chosen: 'benutzt',
  use: 'Diese Karte benutzen',
  noMemoryReport: 'ihr Treiber meldet keinen Speicher',
  missed: 'Eine Grafikkarte war vorgesehen, benutzt wird der Prozessor',
  needs: (weights, conversations, computing) =>
    `${weights} für Gewichte, ${conversations} für Unterhaltungen und ${computing} zum Rechnen`,
  none: (model, need, budget) => `Kein Block von ${model} passt hinein: Einer braucht ${need}, erlaubt sind ${budget}.`,
  all: (count, model, budget, need) =>
    `${counted(count, 'Der einzige Block', 'Alle # Blöcke')} von ${model} ${count === 1 ? 'passt' : 'passen'} in ${budget}: ${need}.`,
  some: (count, of, model, budget, need) =>
    `${formatWhole(count)} von ${formatWhole(of)} Blöcken von ${model} passen in ${budget}: ${need}.`,
  memory: (free, total) => `${free} von ${total}`,
  blocksIn: (count, of, memory) => `${formatWhole(count)} von ${formatWhole(of)} Blöcken in ${memory}`,
}

export const TOKEN: Catalogue['TOKEN'] = {
  label: 'Hugging-Face-Token',
  hint: 'Für Modelle, deren Herausgeber Zustimmung verlangt. Es geht an huggingface.co und nirgends sonst hin und wird nie wieder angezeigt.',
  save: 'Aufbewahren',
  forget: 'Vergessen',
  problem: 'Buchstaben, Ziffern, - und _, mindestens 8 davon.',
  placeholder: 'hf_…',
  found: 'ist dort gesetzt, wo dieses Programm gestartet wurde. Es wird nur benutzt, wenn Sie es sagen.',
  takeFound: 'Benutzen',
  locked: 'Eines ist aufbewahrt, aber die Desktop-App hat es versiegelt, und dieses Programm kann es nicht öffnen.',
  sealed: 'Eines ist aufbewahrt, vom System versiegelt.',
  inFile: 'Eines ist in einer Datei aufbewahrt, die nur Ihr Benutzerkonto lesen kann; sie ist nicht verschlüsselt.',
  noneSealed: 'Keines ist aufbewahrt. Eines, das Sie eingeben, versiegelt das System.',
  noneInFile:
    'Keines ist aufbewahrt. Dieses System bietet hier keinen Schlüsselbund; es läge also unverschlüsselt in einer Datei Ihres Benutzerkontos.',
}

export const DIAGNOSIS: Catalogue['DIAGNOSIS'] = {
  title: 'Diagnose',
  running: 'Geprüft werden der Shard hier, die anderen Shards und was die Knoten einander sagen\u00a0…',
  failed: 'Die Diagnose konnte nicht laufen',
  again: 'Erneut starten',
  copy: 'Bericht kopieren',
  report: 'Der Bericht enthält keine Pfade, Adressen oder vollständigen Peer-IDs.',
}

export const CHOOSE_FILE: Catalogue['CHOOSE_FILE'] = {
  label: 'Pfad der Modelldatei',
  hint: 'Ein ganzes Modell oder ein Shard auf diesem Computer. Nur Ihre Blöcke werden daraus gelesen, und jedes Stück wird geprüft.',
  browse: 'Auswählen\u00a0…',
  use: 'Diese Datei benutzen',
  close: 'Nicht jetzt',
  placeholder: '/pfad/zum/modell.gguf',
}
