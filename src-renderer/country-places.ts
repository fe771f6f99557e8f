import type { PeerSummary } from '../src-shared/status'
import MIDDLES from './country-middles.json'
import type { Place } from './peer-places'

const middles = new Map<string, readonly number[]>(Object.entries(MIDDLES))

/** The middle of the country that a peer's address is registered in: all that is known of where it is. */
export function countryPlace({ country }: PeerSummary): Place | null {
  const [longitude, latitude] = middles.get(country ?? '') ?? []
  return longitude === undefined || latitude === undefined ? null : { latitude, longitude }
}

/** How many peers each country has; the most first. */
export function countByCountry(peers: readonly PeerSummary[]): { country: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { country } of peers) if (country !== undefined) counts.set(country, (counts.get(country) ?? 0) + 1)
  return [...counts]
    .map(([country, count]) => ({ country, count }))
    .sort((a, b) => b.count - a.count || a.country.localeCompare(b.country))
}
