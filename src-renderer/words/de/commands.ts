import type { Catalogue } from '..'
import { counted } from '../counted'

export const PALETTE: Catalogue['PALETTE'] = {
  open: 'Befehle',
  title: 'Befehle',
  placeholder: 'Zu einer Seite gehen oder etwas tun',
  list: 'Passende Befehle',
  nothing: 'Hier heißt nichts so.',
  skip: 'Zum Inhalt springen',
  keys: '↑ ↓ wählen · Enter ausführen · Esc schließen',
}

export const countWords: Catalogue['countWords'] = (count) => counted(count, '# Befehl', '# Befehle')

export const GROUPS: Catalogue['GROUPS'] = {
  page: 'Seite',
  node: 'Knoten',
  files: 'Dateien',
  network: 'Netzwerk',
  help: 'Hilfe',
  try: 'Testen',
  colours: 'Farben',
  app: 'App',
}

export const PAGE_KEYWORDS: Catalogue['PAGE_KEYWORDS'] = {
  overview: 'start status schritte beitrag woche token anfragen speicher prozessor',
  shards: 'blöcke modell datei stücke laden herunterladen platte speicherplatz katalog bereitschaft',
  peers: 'knoten nachbarn tabelle liste nodes',
  try: 'ausprobieren prompt fragen chat antwort text erzeugen',
  host: 'coordinator zustimmen ablehnen wartend einladung arbeiter eigenes netzwerk',
  diagnostics: 'prüfungen protokoll log lichter verbindungen internet paket support',
  settings:
    'optionen einstellungen name port threads speicher grafikkarte akku ruhezeiten anmeldung infobereich benachrichtigungen token api schlüssel sprache language',
}

export const COMMANDS: Catalogue['COMMANDS'] = {
  peersCapabilities: 'Was jeder Knoten kann',
  peersMap: 'Peers auf einer Karte',
  peersPath: 'Weg der letzten Antwort',
  start: 'Knoten starten',
  stop: 'Knoten anhalten\u00a0…',
  reapply: 'Den Host erneut fragen',
  retry: 'Jetzt Kontakt zum Knoten suchen',
  peerId: 'Peer-ID dieses Knotens kopieren',
  load: 'Blöcke jetzt laden',
  pause: 'Laden der Dateien unterbrechen',
  resume: 'Laden der Dateien fortsetzen',
  cancel: 'Laden der Dateien abbrechen\u00a0…',
  space: 'Speicherplatz freigeben',
  leave: 'Anderes Netzwerk wählen\u00a0…',
  meter: 'Messen, was dieses Netzwerk ändert',
  invite: 'Einladung erstellen',
  stopHosting: 'Hosting beenden\u00a0…',
  diagnose: 'Diagnose der Shards starten',
  check: 'Alle Prüfungen starten',
  copySupport: 'Für Support kopieren',
  bundle: 'Support-Paket erstellen',
  shortcuts: 'Tastenkürzel',
  stopWriting: 'Antwort anhalten',
  newChat: 'Neuer Chat',
  update: 'Nach einer neueren Version suchen',
}

export const COMMAND_KEYWORDS: Catalogue['COMMAND_KEYWORDS'] = {
  start: 'ausführen beginnen ein normal bereitstellen',
  stop: 'beenden aus herunterfahren stoppen',
  reapply: 'bewerben erneut abgelehnt registrieren zustimmung',
  retry: 'verbinden verbindung wieder',
  peerId: 'identität adresse',
  load: 'holen erneut beweisen shards modell',
  pause: 'download halten pause',
  resume: 'download weiter',
  cancel: 'download ende abbruch',
  leave: 'beitreten verlassen wechseln einladung coordinator',
  meter: 'messung geschwindigkeit vergleich allein beitritt',
  invite: 'host qr link beitreten',
  stopHosting: 'coordinator ende',
  stopWriting: 'antwort abbrechen erzeugen stopp',
  newChat: 'vergessen leeren unterhaltung',
  diagnose: 'runbook problem bericht shards',
  check: 'diagnose erneut',
  copySupport: 'zusammenfassung zwischenablage bericht',
  bundle: 'export speichern geschwärzt protokoll bericht',
  shortcuts: 'tasten liste hilfe shortcuts',
  update: 'update version aktualisieren',
  peersCapabilities: 'matrix filter platz geschwindigkeit quantisierung relay',
  peersMap: 'welt globus wo',
  peersPath: 'route hops latenz pipeline',
  space: 'entfernen löschen dateien voll',
}
export const THEME_KEYWORDS: Catalogue['THEME_KEYWORDS'] = 'theme farben aussehen modus'

export const BLOCKED: Catalogue['BLOCKED'] = {
  noContact: 'Kein Kontakt zum Knoten',
  readOnly: 'Dieser Link kann nur lesen',
  busy: 'Der letzte Befehl läuft noch',
  noNetwork: 'Kein Netzwerk gewählt',
  running: 'Er läuft',
  stopped: 'Er ist angehalten',
  stopping: 'Er hält gerade an',
  notRejected: 'Der Host hat diesen Knoten nicht abgelehnt',
  connected: 'Er antwortet',
  noPeerId: 'Vor dem ersten Start hat der Knoten keine',
  noBlocks: 'Der Host hat noch keine zugewiesen',
  loaded: 'Sie sind geladen und geprüft',
  nothingFetched: 'Es wird nichts geladen',
  isPaused: 'Es ist unterbrochen',
  notPaused: 'Es ist nicht unterbrochen',
  noCoordinator: 'Bei einer Demo gibt es nichts zu vergleichen',
  measuring: 'Es wird gerade gemessen',
  notHosting: 'Hier wird kein Netzwerk gehostet',
  diagnosing: 'Sie läuft bereits',
  isChosen: 'Bereits gewählt',
  nothingWritten: 'Es wird nichts geschrieben',
  noChat: 'Es gibt keinen Chat zu beenden',
  offline: 'Das Internet ist nicht erreichbar',
  noUpdate: 'Zurzeit gibt es nichts zu installieren oder zu suchen',
}

export const QUESTIONS: Catalogue['QUESTIONS'] = {
  stop: {
    title: 'Knoten anhalten?',
    text: 'Er verabschiedet sich vom Netzwerk und gibt seinen Speicher frei. Antworten, die gerade durch ihn laufen, gehen anderswo weiter oder brechen ab.',
    yes: 'Anhalten',
    no: 'Weiterlaufen lassen',
  },
  cancel: {
    title: 'Laden der Dateien abbrechen?',
    text: 'Es wird nichts mehr geladen, bis Sie „Blöcke jetzt laden“ wählen. Was schon da ist, bleibt.',
    yes: 'Laden abbrechen',
    no: 'Fortfahren',
  },
  update: {
    title: 'Installieren und neu starten?',
    text: 'Der Knoten meldet sich ab, die neue Version wird installiert, und die App startet neu.',
    yes: 'Installieren und neu starten',
    no: 'Nicht jetzt',
  },
}

export const SAID: Catalogue['SAID'] = {
  copied: 'Kopiert',
  copyFailed: 'Kopieren ist hier nicht erlaubt',
  noSummary: 'Das war nicht möglich; die Diagnose nennt den Grund',
}

export const SHORTCUTS: Catalogue['SHORTCUTS'] = {
  title: 'Tastenkürzel',
  close: 'Schließen',
  column: 'Tasten',
  does: 'Wirkung',
  rows: {
    palette: 'Jede Seite und jeder Befehl, nach Namen',
    shortcuts: 'Diese Liste',
    skip: 'Auf jeder Seite zuerst: am Menü vorbei',
    send: 'Prompt senden',
    line: 'Neue Zeile im Prompt',
    close: 'Schließen, was offen ist, ohne etwas zu ändern',
    scroll: 'Im Protokoll blättern, wenn es den Fokus hat',
  },
}
