import type { Catalogue } from '..'
import { counted } from '../counted'

export const WELCOME: Catalogue['WELCOME'] = {
  steps: {
    what: {
      short: 'Worum es geht',
      title: 'Verleihen Sie einen Zweig dieses Computers',
      lead: 'Espalier verbindet diesen Computer mit anderen, die gemeinsam ein großes Sprachmodell betreiben. Jeder stellt einige Blöcke des Modells bereit.',
    },
    network: {
      short: 'Netzwerk',
      title: 'Netzwerk wählen',
      lead: 'Sie können eines ansehen, bevor Sie beitreten. Das Ansehen verrät ihm nichts über diesen Computer.',
    },
    computer: {
      short: 'Dieser Computer',
      title: 'Was dieser Computer gibt',
      lead: 'Sie bestimmen, wie viel. Alles lässt sich später in den Einstellungen ändern.',
    },
  },
  progress: 'Schritte des ersten Starts',
  back: 'Zurück',
  cancel: 'Abbrechen',
  chooseNetwork: 'Netzwerk wählen',
  goOn: 'Weiter',
  setUpHosting: 'Weiter zum Hosten',
  does: [
    'Lädt nur die Blöcke, die der Host eines Netzwerks zuweist, und prüft jedes Stück gegen seinen Hash.',
    'Rechnet damit für andere, solange es läuft, und hört auf, wenn Sie es sagen.',
    'Sagt nur dann „sichtbar“, wenn ein anderer Computer es gesehen hat.',
  ],
  doesNot: [
    'Vertraulichkeit von Prompts: Jeder Knoten auf einer Route kann lesen, was durch ihn läuft.',
    'Tempo: Eine Antwort wartet auf den langsamsten Knoten und den längsten Weg.',
    'Bezahlung oder ein Recht, von anderen bedient zu werden.',
  ],
  doesLead: 'Was es tut',
  doesNotLead: 'Was es nicht verspricht',
  urlLabel: 'Adresse des Coordinators',
  inviteLabel: 'Einladungslink',
  nameLabel: 'Name, den andere sehen',
  nameHint: 'Für diese Installation erfunden; er sagt nichts über Sie. Ändern Sie ihn nach Belieben.',
  beginText: 'Sie können jederzeit in der Übersicht anhalten und das Netzwerk in den Einstellungen verlassen.',
  willSend: 'Genau das wird gesendet, wenn Sie um Beitritt bitten',
  willSendNothing: 'Das Nachsehen hat dem Coordinator nichts über diesen Computer verraten.',
  demoNetwork: 'Ein Demo-Netzwerk: Echte Knoten können ihm nicht beitreten.',
  insecureWord: 'unverschlüsselt',
  insecureLabel: 'Um es trotzdem unverschlüsselt zu senden, geben Sie „unverschlüsselt“ ein',
  insecureHint: 'Alle auf dem Weg könnten Namen und Adressen Ihres Knotens lesen und ändern, was der Coordinator sagt.',
  readOnly:
    'Auf diesem Computer hat noch niemand ein Netzwerk gewählt, und dieser Link kann es nicht. Öffnen Sie den Link des Betreibers.',
  looking: 'Wird angesehen\u00a0…',
  look: 'Dieses Netzwerk ansehen',
  startDemo: 'Demo starten',
  join: 'Um Beitritt bitten',
  lookAtInvite: 'Diese Einladung ansehen',
  joinInvited: 'Mit dieser Einladung beitreten',
  inviteTitle: 'Eine gültige Einladung',
  joining: 'Beitritt läuft\u00a0…',
}

export const WAYS: Catalogue['WAYS'] = {
  invite: {
    title: 'Ich habe eine Einladung',
    text: 'Ein Link oder QR-Code vom Host eines Netzwerks. Sie lässt Sie sofort ein.',
  },
  lan: { title: 'Ein Netzwerk in der Nähe', text: 'Fragt Ihr lokales Netz, wer dort eines hostet.' },
  address: {
    title: 'Die Adresse eines Coordinators',
    text: 'Sein Host entscheidet, wen er nimmt und welche Blöcke Ihre sind.',
  },
  host: { title: 'Ein eigenes Netzwerk hosten', text: 'Sie wählen das Modell und wer beim Bereitstellen helfen darf.' },
  demo: {
    title: 'Eine Demo auf diesem Computer',
    text: 'Ein kleines eigenes Netzwerk mit einem Beispielmodell. Nichts verlässt diesen Computer.',
  },
}

export const LAN: Catalogue['LAN'] = {
  title: 'Netzwerke in Ihrer Nähe',
  asking: 'Ihr lokales Netz wird gefragt\u00a0…',
  nobody:
    'Hier hostet niemand ein Netzwerk, oder der Computer antwortet nicht. Eine Adresse oder Einladung führt auch dorthin.',
  unavailable: 'Von hier aus lassen sich keine Netzwerke finden',
  found: (count) => counted(count, 'Ein Netzwerk hat geantwortet.', '# Netzwerke haben geantwortet.'),
  nameless: 'Ein Netzwerk, das kein Modell nennt',
  unvouched: 'wurde in Ihrem lokalen Netz gefunden. Niemand bürgt dafür.',
  own: 'wird auf diesem Computer gehostet.',
  again: 'Noch einmal fragen',
  none: 'Wählen Sie eines der gefundenen Netzwerke.',
}

export const SCAN: Catalogue['SCAN'] = {
  lead: 'Oder lesen Sie den QR-Code: Ziehen Sie ein Bild oder Bildschirmfoto hierher, fügen Sie es ein oder wählen Sie eine Datei. Es verlässt diese Seite nicht.',
  choose: 'Bild wählen',
  reading: 'Das Bild wird gelesen\u00a0…',
  found: 'Die Einladung wurde aus dem Bild gelesen.',
  noCode:
    'In diesem Bild war kein QR-Code zu finden. Am besten gelingt es mit einem Bildschirmfoto des ganzen Codes samt weißem Rand.',
  noPicture: 'Das ist kein Bild, das sich hier lesen lässt. PNG, JPEG, WebP und GIF gehen.',
  tooLarge: 'Dieses Bild ist größer als 20 MB. Ein Bildschirmfoto des Codes allein genügt.',
  noInvite: (text) => `Dieser QR-Code enthält keine Einladung, sondern „${text}“.`,
  failed: 'Der Leser ließ sich nicht laden. Fügen Sie stattdessen den Link ein oder versuchen Sie es noch einmal.',
}

export const URL_PROBLEMS: Catalogue['URL_PROBLEMS'] = {
  empty: 'Geben Sie die Adresse ein, die Sie vom Host des Netzwerks haben.',
  bad: 'Das ist keine Webadresse. Sie ist ein Name wie network.example oder beginnt mit https:// oder, im eigenen Netz, mit http://.',
  token:
    'Das ist ein Zugriffstoken, das ein Knoten bekommt, sobald er dabei ist. Eine Einladung beginnt mit espalier://invite.',
}

export const PREVIEW: Catalogue['PREVIEW'] = {
  model: 'Modell',
  noModel: 'noch keines gewählt',
  blocks: 'Blöcke',
  unknown: 'nicht bekannt',
  online: 'Knoten online',
  covered: 'Abgedeckte Blöcke',
  unsaid: 'keine Angabe',
  invite: (coordinatorUrl, until) =>
    `von ${coordinatorUrl}, bis ${until}. Sie lässt einen Knoten ein, sofort und ohne auf den Host zu warten.`,
}
