import type { PeerSummary } from '../../src-shared/status'
import { inLocale } from '../locale'
import { say } from '.'
import { peerStateWords } from './node'

const countries = inLocale((locale) => new Intl.DisplayNames(locale, { type: 'region' }))

/** @param country two letters of ISO 3166-1 */
export function countryName(country: string): string {
  return countries().of(country) ?? country
}

/** A mark on the map: who, in which state, and how its place is known. */
export function markWords({ publicName, state, country }: PeerSummary): string {
  const who = `${publicName ?? say.PEERS_PAGE.unnamed}: ${peerStateWords(state).word}`
  return country === undefined ? who : `${who}. ${say.PLACES.fromAddress(countryName(country))}`
}
