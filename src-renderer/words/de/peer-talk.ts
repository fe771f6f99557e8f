import type { Catalogue } from '..'

export const PEER_TALK: Catalogue['PEER_TALK'] = {
  title: 'Befehle zwischen Knoten',
  lead: 'Der letzte Befehl an jeden Knoten dieses Modells mit der Antwort, und ob jener Knoten weiß, was hier geladen ist. Wer es nicht weiß, erfährt es innerhalb von 30 Sekunden noch einmal.',
  columns: ['Knoten', 'Antwort', 'Kennt Ihre Blöcke', 'Letzter Befehl', 'Verbindung'],
  nobody: 'Kein anderer Knoten bietet dieses Modell an.',
  connected: (isConnected) => (isConnected ? 'verbunden' : 'zurzeit keine'),
  noCommand: 'noch keiner',
  underWay: 'unterwegs',
  answered: (after) => `nach ${after}`,
  sees: 'hält sie für geladen',
  seesNot: 'nein, erfährt es noch einmal',
  notAsked: 'nicht bekannt',
}
