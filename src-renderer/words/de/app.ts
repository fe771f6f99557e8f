import type { Catalogue } from '..'

export const LIGHTS: Catalogue['LIGHTS'] = {
  title: 'Verbindungen',
  hint: 'Jede für sich: Eine kann ausfallen, während die anderen stehen.',
  none: 'Noch nicht geprüft.',
  unsteady: 'Unbeständig',
  changed: 'Geändert',
  up: 'verbunden',
  unsteadyUp: 'unbeständig',
  down: 'nicht verbunden',
  unknown: 'nicht bekannt',
}

export const LIGHT_NAMES: Catalogue['LIGHT_NAMES'] = {
  internet: 'Internet',
  lan: 'Lokales Netz',
  discovery: 'Suche im lokalen Netz',
  coordinator: 'Coordinator',
  bootstrap: 'Bootstrap-Peers',
  relay: 'Relay',
}

export const UNSAVED: Catalogue['UNSAVED'] = {
  title: 'Nicht gespeichert',
  text: 'Geben Sie Speicherplatz frei oder machen Sie das Datenverzeichnis beschreibbar. Was der Knoten von sich aus festhält, bleibt bis dahin im Arbeitsspeicher und wird alle paar Sekunden erneut geschrieben; ein Neustart würde es verlieren. Was Sie speichern wollten, wurde abgelehnt: Speichern Sie es noch einmal.',
}

export const STATE_FILES: Catalogue['STATE_FILES'] = {
  'settings.json': 'die Einstellungen',
  'coordinator.json': 'was dem Coordinator mitgeteilt wurde',
  'membership.json': 'die Mitgliedschaft im Netzwerk',
  'standing.json': 'was der Coordinator gesagt hat',
  'peers.json': 'bekannte Peers',
  'announced.json': 'was anderen mitgeteilt wurde',
  'speeds.json': 'gemessene Geschwindigkeiten',
  'own-log.jsonl': 'das Protokoll Ihrer Knoten',
  'secrets.json': 'Token',
  'espalier.log': 'das Protokoll',
}

export const SUPPORT: Catalogue['SUPPORT'] = {
  copy: 'Für Support kopieren',
  copied: 'Kopiert',
  copyFailed: 'Kopieren ist hier nicht erlaubt',
  open: 'Paket erstellen\u00a0…',
  opening: 'Wird erstellt\u00a0…',
  title: 'Was diesen Computer verlassen würde',
  lead: 'Es wird nichts gesendet. Dies ist der ganze Text; lesen Sie ihn, dann kopieren Sie ihn oder speichern ihn als Datei.',
  takenOut: 'Entfernt',
  nothingTakenOut: 'Nichts Privates gefunden.',
  region: 'Das Paket',
  save: 'Als Datei speichern',
  saved: 'Gespeichert unter',
  close: 'Schließen',
  failed: 'Das war nicht möglich',
}

export const OWNER: Catalogue['OWNER'] = {
  title: 'Sie gehen vor',
  lead: 'Trifft eines davon zu, sagt der Knoten dem Netzwerk Bescheid, gibt seinen Speicher frei und ruht. Eine Minute danach startet er von selbst wieder.',
  reasons: {
    battery: { label: 'Im Akkubetrieb ruhen', hint: 'Solange dieser Computer nicht am Netz hängt.' },
    metered: { label: 'Bei getakteter Verbindung ruhen', hint: 'Solange das System die Verbindung getaktet nennt.' },
    'full-screen': {
      label: 'Ruhen, solange ein Programm den Bildschirm füllt',
      hint: 'Spiele, Filme und Präsentationen.',
    },
    'user-active': {
      label: 'Ruhen, solange hier gearbeitet wird',
      hint: 'Bis zwei Minuten lang niemand Maus oder Tastatur berührt hat.',
    },
  },
  quietLabel: 'Ruhezeiten',
  quietHint: 'Täglich dazwischen ruht der Knoten, und es gibt keine Benachrichtigungen. Nach der Uhr dieses Computers.',
  quietFrom: 'Von',
  quietTo: 'Bis',
  cannot: 'Dieses System gibt darüber keine Auskunft',
}

export const SYSTEM: Catalogue['SYSTEM'] = {
  title: 'Dieser Computer',
  loginLabel: 'Bei der Anmeldung starten',
  loginHint: 'Im Infobereich, wo es einen gibt, ohne Fenster.',
  loginFailed: 'Das System hat es nicht übernommen; den Grund nennt das Protokoll.',
  noticesLabel: 'Benachrichtigen',
  noticesHint:
    'Wenn der Host zustimmt oder ablehnt, wenn der Knoten nicht weiterkommt und bei einer neuen Version. Sonst nie.',
  updateLabel: 'Version',
}

export const UPDATE: Catalogue['UPDATE'] = {
  checking: (version) => `${version}. Suche nach einer neueren …`,
  downloading: (version, next) => `${version}. ${next} wird geladen.`,
  ready: (version, next) => `${version}. ${next} liegt bereit und ist geprüft.`,
  available: (version, next, note) => `${version}. ${next} ist verfügbar. ${note}`,
  current: (version) => `${version}, die neueste.`,
  install: 'Installieren und neu starten',
  lookAgain: 'Erneut suchen',
  look: 'Nach einer neueren suchen',
}

export const INVITED: Catalogue['INVITED'] = {
  title: 'Sie haben eine Einladung geöffnet',
  text: (host, until) =>
    `Sie führt in das Netzwerk von ${host} und gilt bis ${until}. Mit dem Beitritt verlässt dieser Knoten sein jetziges Netzwerk und teilt jenem Coordinator seinen Namen mit und was er anbietet.`,
  yes: 'Diesem Netzwerk beitreten',
  joining: 'Beitritt läuft\u00a0…',
  no: 'Nicht jetzt',
}

export const COPY: Catalogue['COPY'] = {
  click: 'Klick zum Kopieren',
  label: (what, text) => `Kopiert ${what} ${text}`,
  copied: 'Kopiert',
  failed: 'Kopieren ist hier nicht erlaubt; markieren Sie den Text',
  peerId: 'die Peer-ID',
}

export const PAGE_FAILURES: Catalogue['PAGE_FAILURES'] = {
  reload: 'Laden Sie die Seite neu.',
  answerLost: 'Die Verbindung zum Knoten brach ab, und mit ihr der Rest dieser Antwort',
  askAgain: 'Fragen Sie erneut, sobald die Seite verbunden ist.',
}
