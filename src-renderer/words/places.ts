import type { PeerSummary } from '../../src-shared/status'
import { PEER_STATES } from './node'
import { PEERS_PAGE } from './peers'

export const PLACES = {
  mapTitle: 'Where they are',
  source: 'Country, from the address',
  nobody: 'Nobody has a place yet',
  isOff: 'Switched off',
  meaning:
    'Each node stands by the middle of the country that its internet address is registered in. A table on this computer says which; nobody is asked. Addresses: NRO, nro.net.',
  countriesTitle: 'Countries',
  unknownTitle: 'Location unknown',
  unknownWhy:
    'Reached through a relay, in a private network, or at an address that the table does not have. Nobody is drawn on a guess.',
  offWhy: 'Peers are not placed, because the settings say so.',
  toSettings: 'Open the settings',
  allPlaced: 'Everybody is on the map.',
} as const

const countries = new Intl.DisplayNames('en', { type: 'region' })

/** @param country two letters of ISO 3166-1 */
export function countryName(country: string): string {
  return countries.of(country) ?? country
}

/** A mark on the map: who, in which state, and how its place is known. */
export function markWords({ publicName, state, country }: PeerSummary): string {
  const who = `${publicName ?? PEERS_PAGE.unnamed}: ${PEER_STATES[state].word}`
  return country === undefined ? who : `${who}. ${countryName(country)}, from the address`
}

/** For whoever cannot see the picture. */
export function manyPlacedWords(count: number): string {
  return `${count.toLocaleString('en')} peers on a map; the table lists each of them`
}
