import type { PeerSummary } from '../src-shared/status'

/** Degrees. */
export interface Place {
  latitude: number
  longitude: number
}

export interface PlacedPeer extends PeerSummary {
  place: Place
}

/**
 * Who can be drawn, and who cannot. A place that is missing, impossible or exactly 0°, 0° (what programs write that
 * do not know) is no place: such a peer is listed, never drawn on a guess.
 */
export function splitByPlace(
  peers: readonly PeerSummary[],
  placeOf: (peer: PeerSummary) => Place | null,
): { placed: PlacedPeer[]; unplaced: PeerSummary[] } {
  const placed: PlacedPeer[] = []
  const unplaced: PeerSummary[] = []
  for (const peer of peers) {
    const place = placeOf(peer)
    if (place && isPlace(place)) placed.push({ ...peer, place })
    else unplaced.push(peer)
  }
  return { placed, unplaced }
}

function isPlace({ latitude, longitude }: Place): boolean {
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return false
  if (latitude === 0 && longitude === 0) return false
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
}
