import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import type { MapView } from '../../src-shared/status'
import type { MapState } from './map-state'

/** How long a public map may need to find a node: two or three of its rounds. */
export const MAP_WINDOW_MS = 180_000
/** Its own period; what it shows is at most so old. */
const MAP_PERIOD_S = 60

export interface Intent {
  peerId: string
  publicName: string
  dhtPrefix: string
  repository: string | null
  range: BlockRange
  /** When others first confirmed what we serve now, ms since the epoch. */
  since: number
}

/**
 * What the map's row says of us. Only the peer id counts: anybody can have the same name. A map that has not come
 * round yet is a wait with a countdown and not a fault.
 */
export function judgeMap(map: MapState, intent: Intent, now: number): Pick<MapView, 'state' | 'text'> {
  const { peerId, range, dhtPrefix, repository, publicName } = intent
  const waitS = Math.ceil((intent.since + MAP_WINDOW_MS - now) / 1000)
  const row = map.rows.find((one) => one.peerId === peerId)
  const early = (text: string): Pick<MapView, 'state' | 'text'> => ({
    state: 'not_expected_yet',
    text: `not expected yet: ${text}; the map comes round within ${waitS} s`,
  })
  if (!row) {
    const names = [dhtPrefix, repository].filter((name) => name !== null)
    if (map.models.length > 0 && !map.models.some((model) => names.includes(model)))
      return { state: 'untracked', text: `the map does not track this model (${dhtPrefix})` }
    if (waitS > 0) return early('no row for this node')
    const namesakes = map.rows.filter((one) => one.publicName === publicName).length
    const note = namesakes > 0 ? `; ${namesakes} of the name “${publicName}” are other peers` : ''
    return { state: 'absent', text: `the map has no row for this node${note}` }
  }
  const isSame = row.start === range.start && row.end === range.end
  if (!isSame) {
    const shown =
      row.start === null || row.end === null || row.start >= row.end
        ? 'no blocks'
        : formatBlocks({ start: row.start, end: row.end })
    const text = `map shows ${shown}, you serve ${formatBlocks(range)} (stale, refresh in ≤ ${Math.max(waitS, MAP_PERIOD_S)} s)`
    return waitS > 0 ? early(text) : { state: 'differs', text }
  }
  if (row.publicName !== publicName && row.publicName !== null)
    return { state: 'differs', text: `map shows the name “${row.publicName}”, yours is “${publicName}”` }
  if (row.state !== 'online') {
    const text = `the map’s row says ${row.state}`
    return waitS > 0 ? early(text) : { state: 'unreachable_row', text }
  }
  return { state: 'present', text: `the map shows blocks ${formatBlocks(range)}, online` }
}

/**
 * What we found of each bootstrap beside what the map claims. The map names no peers, so its claims are taken in the
 * order of our list where both lists are equally long, and not at all otherwise.
 */
export function bootstrapTable(
  own: readonly { peerId: string; isConnected: boolean }[],
  claims: readonly string[],
): MapView['bootstraps'] {
  const comparable = own.length === claims.length
  return own.map(({ peerId, isConnected }, i) => {
    const here = isConnected ? 'online' : 'unreachable'
    const map = comparable ? (claims[i] ?? 'unknown').slice(0, 40) : 'unknown'
    return { peerId, here, map, differs: map !== 'unknown' && map !== here }
  })
}
