import type { Catalogue } from '..'

export const OTHERS_SEE: Catalogue['OTHERS_SEE'] = {
  title: 'Wie andere Sie sehen',
  lead: 'Was eine Karte des Netzwerks tut, um diesen Knoten zu finden, über andere Peers nachgestellt.',
  stopped: 'Der Knoten läuft nicht, also kann ihn niemand sehen.',
  waiting: 'Noch hat niemand nachgesehen. Das geschieht, nachdem der Knoten sich bekannt gemacht hat.',
  by: 'Gesehen von',
  table: 'Peers in der Routing-Tabelle',
  changed: 'zuletzt geändert',
  map: 'Öffentliche Karte',
  budget: (asked, budget) => `in dieser Stunde ${asked} von ${budget} Mal gefragt`,
  foreign: 'Was Peers anderer Programme zeigen',
  foreignLead:
    'Sie werden gefragt, wo zu wenige Zeugen da sind. Sie unterschreiben nichts; es zählt, was zwei von ihnen an verschiedenen Orten getan haben.',
  returned: (found, asked) => `Gab ${found} von ${asked} Einträgen zurück.`,
}

export const FOREIGN_REACHES: Catalogue['FOREIGN_REACHES'] = {
  fresh: (from) => `Öffnete auf Nachfrage eine neue Verbindung zu diesem Knoten, von ${from}.`,
  called: (from) => `Rief diesen Knoten über eine eigene Verbindung an, von ${from}.`,
  held: () => 'Sagt, dass er diesen Knoten erreicht, öffnete aber keine neue Verbindung: Das zählt nicht.',
  no: () => 'Sagt, dass er diesen Knoten nicht erreicht.',
  silent: () => 'Antwortete nicht auf die Frage, ob er diesen Knoten erreicht.',
  not_asked: () => '',
}

export const LOOKS: Catalogue['LOOKS'] = {
  index: 'Das Modell ist verzeichnet',
  records: 'Die Einträge werden gefunden',
  call: 'Ein Anruf wird beantwortet',
  read: 'Der Eintrag ist lesbar',
  row: 'Die Zeile sagt, was Sie bereitstellen',
}

export const LOOK_STATES: Catalogue['LOOK_STATES'] = {
  pass: 'bestanden',
  fail: 'fehlgeschlagen',
  unknown: 'nicht bekannt',
}
