import type { Catalogue } from '..'

export const WELCOME: Catalogue['WELCOME'] = {
  pageTitle: 'Willkommen',
  title: 'Verleihen Sie einen Zweig dieses Computers',
  lead: 'Espalier verbindet diesen Computer mit anderen, die gemeinsam ein großes Sprachmodell betreiben. Jeder stellt einige Blöcke des Modells bereit.',
  whatTitle: 'Was es tut und was es nicht verspricht',
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
  chooseTitle: 'Netzwerk wählen',
  demo: 'Eine Demo auf diesem Computer',
  demoText: 'Ein kleines eigenes Netzwerk mit einem Beispielmodell. Nichts verlässt diesen Computer.',
  coordinator: 'Ein Netzwerk mit Coordinator',
  coordinatorText: 'Sein Host entscheidet, wen er nimmt und welche Blöcke Ihre sind.',
  urlLabel: 'Adresse des Coordinators oder eine Einladung',
  urlPlaceholder: 'https://coordinator.example oder espalier://invite?…',
  nameLabel: 'Name, den andere sehen',
  nameHint: 'Für diese Installation erfunden; er sagt nichts über Sie. Ändern Sie ihn nach Belieben.',
  beginTitle: 'Beginnen',
  beginText: 'Sie können jederzeit in der Übersicht anhalten und das Netzwerk in den Einstellungen verlassen.',
  host: 'Oder hosten Sie ein eigenes Netzwerk.',
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
