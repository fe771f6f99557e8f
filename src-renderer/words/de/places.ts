import type { Catalogue } from '..'
import { counted } from '../counted'

export const PLACES: Catalogue['PLACES'] = {
  mapTitle: 'Wo sie sind',
  source: 'Land, nach der Adresse',
  nobody: 'Noch ist kein Ort bekannt',
  isOff: 'Ausgeschaltet',
  meaning:
    'Jeder Knoten steht nahe der Mitte des Landes, in dem seine Internetadresse registriert ist. Das Land steht in einer Tabelle auf diesem Computer; niemand wird gefragt. Adressen: iptoasn.com.',
  countriesTitle: 'Länder',
  unknownTitle: 'Ort unbekannt',
  unknownWhy:
    'Über ein Relay erreicht, in einem privaten Netz oder unter einer Adresse, die nicht in der Tabelle steht. Niemand wird auf Verdacht eingezeichnet.',
  offWhy: 'Die Karte zeigt keine Peers, weil es so eingestellt ist.',
  toSettings: 'Einstellungen öffnen',
  allPlaced: 'Alle sind auf der Karte.',
  fromAddress: (country) => `${country}, nach der Adresse`,
  many: (count) => `${counted(count, '# Peer', '# Peers')} auf einer Karte; die Tabelle nennt jeden von ihnen`,
}
