import { NODE_SAYS_DE } from '../../../src-shared/node-says-de'
import type { ShellWords } from './en'

const whole = (count: number) => count.toLocaleString('de-DE')

export const DE: ShellWords = {
  says: NODE_SAYS_DE,
  menu: {
    file: 'Datei',
    quit: 'Beenden',
    edit: 'Bearbeiten',
    undo: 'Rückgängig',
    redo: 'Wiederholen',
    cut: 'Ausschneiden',
    copy: 'Kopieren',
    paste: 'Einfügen',
    selectAll: 'Alles auswählen',
    view: 'Ansicht',
    palette: 'Befehle\u00a0…',
    shortcuts: 'Tastenkürzel',
    actualSize: 'Originalgröße',
    larger: 'Größer',
    smaller: 'Kleiner',
    fullScreen: 'Vollbild',
    about: 'Über Espalier',
    services: 'Dienste',
    hide: 'Espalier ausblenden',
    hideOthers: 'Andere ausblenden',
    showAll: 'Alle einblenden',
    quitApp: 'Espalier beenden',
    window: 'Fenster',
    minimize: 'Im Dock ablegen',
    zoom: 'Zoomen',
    front: 'Alle nach vorne bringen',
  },
  tray: {
    open: 'Espalier öffnen',
    restart: 'Neu starten',
    peers: (count) => (count === 1 ? '1 Peer' : `${whole(count)} Peers`),
    tokens: (count) => (count === 1 ? '1 Token berechnet' : `${whole(count)} Token berechnet`),
    quit: 'Beenden',
    actions: {
      start: 'Starten',
      startNormally: 'Normal starten',
      stop: 'Anhalten',
      stopping: 'Hält an\u00a0…',
    },
  },
  notices: {
    approved: 'Angenommen',
    notApproved: 'Nicht angenommen',
    newVersion: 'Eine neue Version',
    versionIsThere: (version) => `Espalier ${version} ist verfügbar.`,
  },
  quit: {
    isServing: 'Dieser Computer arbeitet gerade für das Netzwerk.',
    endsAnswers: 'Beim Beenden bricht ab, was gerade durch ihn läuft; das Netzwerk erfährt es vorher.',
    stopAndQuit: 'Anhalten und beenden',
    keepRunning: 'Weiterlaufen lassen',
    isUnsaved: 'Einige Einstellungen sind noch nicht gespeichert.',
    losesDraft: 'Nicht gespeicherte Änderungen auf der Seite „Einstellungen“ gehen verloren.',
    quitWithoutSaving: 'Ohne Speichern beenden',
    goBack: 'Zurück',
  },
  close: {
    staysInTray: 'Espalier bleibt im Infobereich',
    detail:
      'Das Fenster schließt sich, und der Knoten läuft weiter wie bisher. Das Symbol im Infobereich öffnet das Fenster wieder. In den Einstellungen lässt sich wählen, dass das Schließen die App beendet.',
    closeWindow: 'Fenster schließen',
    quit: 'Espalier beenden',
  },
  page: { loadAgain: 'Neu laden', quit: 'Beenden' },
  link: { cannotBeUsed: 'Dieser Link lässt sich nicht verwenden', close: 'Schließen' },
  files: {
    titles: {
      model: 'Modelldatei auswählen',
      certificates: 'Zertifikatsdatei auswählen',
      'identity-backup': 'Sicherung einer Identität auswählen',
      'new-identity-backup': 'Speicherort der Sicherung',
    },
    models: 'GGUF-Modelle',
    certificates: 'Zertifikate',
    backups: 'Identitätssicherungen',
  },
  failed: {
    cannotStart: 'Espalier kann nicht starten',
    dataDirectory: (why) => `Das Datenverzeichnis ist nicht benutzbar: ${why}`,
  },
}
