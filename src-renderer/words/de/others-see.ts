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
