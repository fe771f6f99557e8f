import type { PeerSummary } from '../src-shared/status'

export const PEER_COLUMNS = ['name', 'state', 'blocks', 'seenAt', 'roundTripMs'] as const
export type PeerColumn = (typeof PEER_COLUMNS)[number]

export interface PeerOrder {
  column: PeerColumn
  isDescending: boolean
}

/** The best state first: what people look for at the top of a list. */
const STATE_RANK: Readonly<Record<PeerSummary['state'], number>> = {
  online: 0,
  joining: 1,
  unknown: 2,
  unreachable: 3,
  offline: 4,
}

/** Peers of which the column is not known stand at the end, whichever way the rest is turned; we stand first. */
export function sortPeers(peers: readonly PeerSummary[], { column, isDescending }: PeerOrder): readonly PeerSummary[] {
  const keyOf = KEYS[column]
  const sign = isDescending ? -1 : 1
  return [...peers].sort((a, b) => {
    if (a.isSelf !== b.isSelf) return a.isSelf ? -1 : 1
    const [x, y] = [keyOf(a), keyOf(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null) || byId(a, b)
    return sign * compare(x, y) || byId(a, b)
  })
}

type Key = string | number | null

const KEYS: Readonly<Record<PeerColumn, (peer: PeerSummary) => Key>> = {
  name: ({ publicName }) => publicName?.toLowerCase() ?? null,
  state: ({ state }) => STATE_RANK[state],
  // By where they begin, then by where they end: the order of the chain.
  blocks: ({ blocks }) => (blocks ? blocks.start * 1e6 + blocks.end : null),
  // Ascending is the freshest first, as the words read: "4 s ago" before "9 s ago".
  seenAt: ({ seenAt }) => -seenAt,
  roundTripMs: ({ roundTripMs }) => roundTripMs,
}

function compare(a: NonNullable<Key>, b: NonNullable<Key>): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byId(a: PeerSummary, b: PeerSummary): number {
  return compare(a.peerId, b.peerId)
}
