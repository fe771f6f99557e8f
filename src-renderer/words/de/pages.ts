import type { Catalogue } from '..'
import { counted } from '../counted'

export const PAGE_NAMES: Catalogue['PAGE_NAMES'] = {
  overview: 'Übersicht',
  shards: 'Shards',
  peers: 'Peers',
  try: 'Testen',
  host: 'Host',
  diagnostics: 'Diagnose',
  settings: 'Einstellungen',
}

export const PEER_VIEW_NAMES: Catalogue['PEER_VIEW_NAMES'] = {
  table: 'Tabelle',
  capabilities: 'Fähigkeiten',
  map: 'Karte',
  path: 'Weg',
}

export const DEMO_LINE: Catalogue['DEMO_LINE'] =
  'Dieser Knoten verlässt diesen Computer nicht; niemand draußen kann ihn sehen oder benutzen.'

export const SHELL: Catalogue['SHELL'] = {
  misfit: 'Diese Seite und der Knoten haben verschiedene Versionen; manches wurde deshalb nicht verstanden.',
  reload: 'Seite neu laden',
  tryNow: 'Jetzt versuchen',
  dismiss: 'Ausblenden',
  readOnly: 'Nur-Lese-Link',
  readOnlyHint: 'Dieser Link zeigt den Knoten und kann ihn nicht ändern.',
  noContact: 'Kein Kontakt',
  pages: 'Seiten',
}

export const OVERVIEW: Catalogue['OVERVIEW'] = {
  tryTitle: 'Testen',
  tryPlaceholder: 'Einen Text beginnen',
  trySend: 'Fragen',
  tryLabel: 'Prompt',
  peersTitle: 'Peers',
  allPeers: 'Alle Peers',
  noPeers: 'Noch niemand. Knoten, denen dieser begegnet, stehen hier, mit den Blöcken, die sie bereitstellen.',
  noModel: 'Noch kein Modell',
  noModelStopped:
    'Wenn der Knoten startet, sagt der Host des Netzwerks, welches Modell es bereitstellt und welche Blöcke Ihre sind.',
  noModelRunning:
    'Der Host des Netzwerks sagt, welches Modell es bereitstellt und welche Blöcke Ihre sind. Sie wachsen hier.',
}

export const othersWords: Catalogue['othersWords'] = (count) => counted(count, '# anderer Knoten', '# andere Knoten')

export const APPROVAL: Catalogue['APPROVAL'] = {
  asked: 'Angefragt',
  answered: 'Letzte Antwort des Coordinators',
  waitingTitle: 'Der Host entscheidet, wer beitritt',
  waitingText:
    'Bis dahin wird nichts geladen, und nichts läuft. Sie können dieses Fenster schließen; der Knoten fragt leise weiter.',
  rejectedTitle: 'Ihre Anfrage wurde abgelehnt',
  rejectedText:
    'Sie können erneut fragen, etwa nachdem Sie mit dem Host gesprochen haben, oder ein anderes Netzwerk wählen.',
  askAgain: 'Erneut fragen',
  asking: 'Wird gefragt\u00a0…',
  other: 'Anderes Netzwerk wählen',
}
