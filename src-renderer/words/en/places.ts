import { formatWhole } from '../../format'

export const PLACES = {
  mapTitle: 'Where they are',
  source: 'Country, from the address',
  nobody: 'Nobody has a place yet',
  isOff: 'Switched off',
  meaning:
    'Each node stands by the middle of the country that its internet address is registered in. A table on this computer says which; nobody is asked. Addresses: iptoasn.com.',
  countriesTitle: 'Countries',
  unknownTitle: 'Location unknown',
  unknownWhy:
    'Reached through a relay, in a private network, or at an address that the table does not have. Nobody is drawn on a guess.',
  offWhy: 'Peers are not placed, because the settings say so.',
  toSettings: 'Open the settings',
  allPlaced: 'Everybody is on the map.',
  fromAddress: (country: string) => `${country}, from the address`,
  /** For whoever cannot see the picture. */
  many: (count: number) => `${formatWhole(count)} peers on a map; the table lists each of them`,
}
