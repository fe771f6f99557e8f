import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const PEERS_PAGE: Catalogue['PEERS_PAGE'] = {
  empty: 'Noch niemand',
  emptyText: 'Knoten, denen dieser begegnet, stehen hier, mit den Blöcken, die sie bereitstellen.',
  emptyStopped: 'Ein angehaltener Knoten begegnet niemandem. Starten Sie ihn in der Übersicht.',
  columns: {
    name: 'Knoten',
    state: 'Zustand',
    blocks: 'Blöcke',
    seenAt: 'Zuletzt gehört',
    roundTripMs: 'Umlaufzeit',
  },
  roundTripHint: 'Die mittlere Zeit (Median) für einen Ping und seine Antwort',
  unnamed: 'Ohne Namen',
  self: 'dieser Computer',
  views: 'Peers zeigen als',
  mapLoading: 'Die Karte wird aufgeschlagen\u00a0…',
  mapFailed: 'Die Karte konnte nicht geöffnet werden',
  mapFailedText: 'Dieser Teil der Seite wurde nicht geladen; er braucht Kontakt zum Knoten.',
  lead: 'Die Knoten, denen dieser begegnet, und was sie bereitstellen.',
  someListed: (nodes, leftOut) =>
    `${nodes} stehen in der Liste, ${formatWhole(leftOut)} weitere nicht: Ihrer, Ihre Nachbarn und die, die online sind, kommen zuerst.`,
  oneOnline: (nodes) => `${nodes}, online.`,
  allOnline: (nodes) => `${nodes}, alle online.`,
  someOnline: (nodes, online) => `${nodes}, davon ${formatWhole(online)} online.`,
  title: 'Peers',
  notMeasured: 'Noch nicht gemessen',
}

export const PATH: Catalogue['PATH'] = {
  title: 'Der Weg einer Antwort',
  servers: 'wer jetzt welche Blöcke bereitstellt',
  empty:
    'Seit diese Seite offen ist, kam keine Antwort durch. Stellen Sie unter „Testen“ eine Frage: Ihr Weg wird hier gezeichnet.',
  noServers: 'Noch niemand hat gesagt, welche Blöcke er bereitstellt.',
  compute: 'Rechenzeit',
  computeHint: 'Rechenzeit dieser Stufe je Token, Median, wie die Stufe selbst sie meldet',
  roundTrip: 'Umlaufzeit',
  used: 'von der letzten Antwort benutzt',
  free: 'stellt bereit, nicht benutzt',
  tokenTime: (total) => `Ein Token brauchte ${total}.`,
  tokenTimeSplit: (total, computed, stages) =>
    `Ein Token brauchte ${total}: ${computed} Rechenzeit in ${stages === 1 ? 'einer Stufe' : `${stages} Stufen`}, der Rest auf dem Weg und bei der Wortwahl.`,
}

export const moreServersWords: Catalogue['moreServersWords'] = (count) =>
  counted(count, '# weiterer Knoten stellt Blöcke bereit.', '# weitere Knoten stellen Blöcke bereit.')
