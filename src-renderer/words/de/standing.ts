import type { Catalogue } from '..'

export const STANDING: Catalogue['STANDING'] = {
  title: 'Sie und der Coordinator',
  empty: 'Noch ist nichts geschehen.',
  answered: 'letzte Antwort',
  never: 'noch keine Antwort',
  earlier: 'früher',
  split: 'Empfohlene Aufteilung',
  quantization: 'Quantisierung',
  openDashboard: 'Dashboard des Coordinators öffnen',
  standbyTitle: 'In Reserve',
  standbyText:
    'Der Host hat diesen Computer angenommen, und jeder Block wird bereits bereitgestellt. Es ist nichts geladen; er wird gefragt, wenn Blöcke gebraucht werden.',
  unknownState: (state) => `Unbekannter Zustand vom Coordinator: ${state}`,
  by: (title, who) => `${title} von ${who}`,
  willDrop: (when, slack) =>
    `Der Coordinator streicht diesen Knoten ${when}. Er sieht alle ${slack} nach; es kann also bis zu ${slack} später sein.`,
  dropped: (slack) =>
    `Der Coordinator hat diesen Knoten inzwischen wohl gestrichen (±${slack}). Der Knoten meldet sich von selbst wieder an.`,
}

export const COORDINATOR_STATES: Catalogue['COORDINATOR_STATES'] = {
  unregistered: 'Nicht angemeldet',
  registering: 'Wird angemeldet',
  pending: 'Wartet auf eine Entscheidung',
  approved_loading: 'Angenommen, wird vorbereitet',
  online: 'Angenommen und online',
  standby: 'In Reserve',
  rejected: 'Abgelehnt',
  draining: 'Verlässt das Netzwerk',
  stopped: 'Abgemeldet',
}

export const TIMELINE: Catalogue['TIMELINE'] = {
  asked: 'Beitritt angefragt',
  waiting: 'Der Host weiß davon',
  approved: 'Angenommen',
  reassigned: 'Andere Blöcke zugewiesen',
  standby: 'In Reserve gestellt',
  rejected: 'Abgelehnt',
  'asked-again': 'Erneut angefragt',
  forgotten: 'Der Coordinator hatte diesen Knoten vergessen; er hat sich wieder angemeldet',
  silent: 'Der Coordinator antwortet nicht mehr',
  'answers-again': 'Der Coordinator antwortet wieder',
}
