import type { Catalogue } from '..'

export const HOST: Catalogue['HOST'] = {
  title: 'Ein Netzwerk hosten',
  lead: 'Den Coordinator eines Netzwerks auf diesem Computer betreiben: Sie wählen das Modell und entscheiden, wer mithelfen darf.',
  readOnly: 'Nur wer diesen Knoten betreibt, kann ein Netzwerk hosten. Öffnen Sie den Link des Betreibers.',
  loading: 'Wird gefragt, was hier gehostet wird\u00a0…',
  noContact: 'Ob hier ein Netzwerk gehostet wird, ist erst bekannt, wenn die App wieder antwortet.',
  modelTitle: 'Das Modell des Netzwerks',
  modelLabel: 'Modelldatei',
  modelHint:
    'Eine ganze GGUF-Datei auf diesem Computer. Sie wird einmal gelesen und gehasht, nicht kopiert und niemandem gesendet.',
  modelPlaceholder: '/modelle/modell.gguf',
  modelEmpty: 'Geben Sie den Pfad einer Modelldatei ein.',
  reachTitle: 'Wer es erreichen kann',
  start: 'Dieses Netzwerk hosten',
  stop: 'Hosten beenden',
  cancel: 'Abbrechen',
  stopping: 'Hält an\u00a0…',
  confirmTitle: 'Hosten beenden?',
  confirmText:
    'Die Worker verlieren ihren Coordinator; was sie gerade bereitstellen, läuft weiter, bis sie ihn brauchen. Zusagen, Zuweisungen und Einladungen bleiben für das nächste Mal auf diesem Computer.',
  confirmNo: 'Weiter hosten',
  invite: 'Einladung erstellen',
  openDashboard: 'Dashboard des Coordinators öffnen',
  shareTitle: 'Diese Adresse weitergeben',
  shareText: 'Andere geben sie unter „Die Adresse eines Coordinators“ ein und warten unten auf Ihre Zustimmung.',
  address: 'die Adresse',
  back: 'Zurück zur Wahl eines Netzwerks',
  resumed: 'Das Netzwerk wird weiter gehostet, wie beim Verlassen der App.',
  waitingFirst: 'Wartet auf das erste Wort des Coordinators\u00a0…',
  copyName: 'ein Worker, der ihn bereitstellt',
  noWorkersTitle: 'Noch ist niemand gekommen',
  noWorkersText:
    'Geben Sie die Adresse weiter. Wer um Beitritt bittet, erscheint hier und wartet auf Ihre Entscheidung.',
  more: 'Die anderen stehen im Dashboard.',
  hashing: 'Hasht die Modelldatei',
  hashed: (done, total) => `${done} von ${total}, damit Worker jedes Stück prüfen können, das sie laden.`,
  reading: 'Liest das Modell',
  readingText: 'Danach wird jedes Byte gehasht, und ein Testprompt läuft durch das ganze Modell.',
  starting: 'Startet den Coordinator',
  startingText: 'Er öffnet seine Datenbank und seinen ersten Peer.',
  running: 'Hostet ein Netzwerk',
  ending: 'Hält den Coordinator an',
  endingText: 'Er schreibt auf, was er weiß.',
  since: (span) => `seit ${span}`,
}

export const REACHES: Catalogue['REACHES'] = {
  computer: {
    title: 'Nur dieser Computer',
    text: 'Zum Ausprobieren oder hinter einem eigenen Proxy, der HTTPS spricht.',
  },
  network: {
    title: 'Alle im lokalen Netz',
    text: 'Ohne Verschlüsselung: Wer in diesem Netz ist, kann lesen, was Worker und Coordinator sagen. Nicht für das Internet.',
  },
}
