import type { Catalogue } from '..'
import { counted } from '../counted'

export const READINESS: Catalogue['READINESS'] = {
  title: 'Das ganze Modell',
  ready: 'Jeder Shard ist geladen, wie dieser Knoten geprüft hat',
  timelineTitle: 'Seit dem Start des Knotens',
  expected: 'erwartet',
  actual: 'war',
  late: 'verspätet',
  unknown: 'noch nicht bekannt',
  diagnose: 'Diagnose starten',
  noModel: 'Noch kein Modell bekannt.',
  discovered: (count, all, reasons) => `${count} / ${all} gefunden: ${reasons}`,
  shard: (index) => `Shard ${index}`,
  neverSeen: 'Bei niemandem je gesehen.',
  stale: (limit) => `Er ist gegangen, oder seit ${limit} hat ihn nichts mehr gezeigt.`,
  self: 'Dieser Computer',
  copies: (who, replicas, verified) => `${who}; ${counted(replicas, '# Kopie', '# Kopien')}, ${verified} geprüft.`,
}

export const SHARD_WORDS: Catalogue['SHARD_WORDS'] = {
  localLoaded: 'LOKAL + GELADEN',
  loaded: 'ONLINE + GELADEN',
  localNotLoaded: 'LOKAL (nicht geladen)',
  notLoaded: 'ONLINE (nicht geladen)',
  unverified: 'ONLINE (nicht geprüft)',
  offline: 'OFFLINE',
}

export const BUTTONS: Catalogue['BUTTONS'] = {
  'start-node': 'Knoten starten',
  'choose-network': 'Netzwerk wählen',
  'choose-file': 'Modelldatei wählen',
  'load-now': 'Jetzt laden',
  'apply-again': 'Erneut anfragen',
  'open-settings': 'Einstellungen öffnen',
  'fetch-again': 'Erneut laden',
  'resume-fetch': 'Fortsetzen',
  download: 'Herunterladen',
  'wait-for-coordinator': 'Auf den Coordinator warten',
  'run-diagnosis': 'Diagnose starten',
}
