import { formatWhole } from '../../format'
import type { Catalogue } from '..'

export const STEP_TITLES: Catalogue['STEP_TITLES'] = {
  connect: {
    idle: 'Mit dem Netzwerk verbinden',
    waiting: 'Wartet auf einen ersten Peer',
    working: 'Verbindet sich mit dem Netzwerk',
    done: 'Verbunden',
    degraded: 'Verbunden, aber Peers sind gegangen',
    failed: 'Verbindung nicht möglich',
  },
  register: {
    idle: 'Beim Coordinator anmelden',
    waiting: 'Wartet auf den Coordinator',
    working: 'Meldet sich an',
    done: 'Angemeldet',
    degraded: 'Angemeldet, aber der Coordinator schweigt',
    failed: 'Anmeldung nicht möglich',
  },
  approve: {
    idle: 'Vom Host angenommen werden',
    waiting: 'Wartet auf Zustimmung',
    working: 'Bittet um Zustimmung',
    done: 'Vom Host angenommen',
    degraded: 'Angenommen, aber länger nicht bestätigt',
    failed: 'Nicht angenommen',
  },
  fetch: {
    idle: 'Ihre Blöcke holen',
    waiting: 'Wartet auf eine Quelle',
    working: 'Holt Ihre Blöcke',
    done: 'Geholt und geprüft',
    degraded: 'Einige Stücke müssen neu geholt werden',
    failed: 'Die Dateien stimmen nicht',
  },
  load: {
    idle: 'Sie in den Speicher laden',
    waiting: 'Wartet auf das Laden',
    working: 'Lädt Ihre Blöcke',
    done: 'Geladen',
    degraded: 'Geladen, aber die Engine ist gestolpert',
    failed: 'Laden nicht möglich',
  },
  prove: {
    idle: 'Zeigen, dass sie rechnen',
    waiting: 'Wartet auf den Testdurchlauf',
    working: 'Testdurchlauf läuft',
    done: 'Testdurchlauf ergab die erwartete Antwort',
    degraded: 'Der letzte Testdurchlauf ist alt',
    failed: 'Testdurchlauf ergab eine andere Antwort',
  },
  announce: {
    idle: 'Sie bekannt machen',
    waiting: 'Wartet auf die Bekanntmachung',
    working: 'Macht sie bekannt',
    done: 'Bekannt gemacht',
    degraded: 'Bekannt gemacht, aber nicht überall behalten',
    failed: 'Niemand hat die Bekanntmachung behalten',
  },
  visible: {
    idle: 'Von anderen gesehen werden',
    waiting: 'Wartet darauf, gesehen zu werden',
    working: 'Fragt andere, ob sie diesen Knoten sehen',
    done: 'Sichtbar',
    degraded: 'Länger nicht gesehen',
    failed: 'Niemand kann diesen Knoten sehen',
  },
  serve: {
    idle: 'Bereitstellen',
    waiting: 'Bereit, wartet auf Arbeit',
    working: 'Prüft den Weg hinein',
    done: 'Stellt bereit',
    degraded: 'Stellt bereit, mit Schwierigkeiten',
    failed: 'Bereitstellen nicht möglich',
  },
}

export const PEER_LEADS: Catalogue['PEER_LEADS'] = {
  connect: 'Antwort von ',
  fetch: 'Gesendet von ',
  announce: 'Zurückgelesen von ',
  visible: 'Gesehen von ',
  serve: 'Erreicht von ',
}

export const STEPS: Catalogue['STEPS'] = {
  fetchPaused: 'Laden der Dateien ist unterbrochen',
  loadAwaited: 'Wartet auf den Auftrag zu laden',
  saidBy: 'Gesagt von ',
  checkedWith: (method) => `Geprüft mit ${method}`,
  measuredBy: (what) => `Gemessen von ${what}`,
  dialledBack: (how) => `, hat zurückgerufen${how}`,
  goesOn: /^in \d/,
  progress: (done, total) => `${done} von ${total}`,
  fresh: 'Was beim Start geschieht',
  past: 'Der Weg bis hierher',
  took: (span) => `vom Start bis sichtbar: ${span}`,
  more: (count) => `${formatWhole(count)} weitere`,
  since: (span) => `schon ${span}`,
  units: { parts: 'Teilen', records: 'Einträgen', pieces: 'Stücken' },
}
