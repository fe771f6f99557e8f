import type { BlockRange } from '../src-shared/blocks'
import type { Hop } from '../src-shared/contract'
import type { PeerSummary } from '../src-shared/status'
import { shortenPeerId } from './format'

/** One node of the chain over the model's blocks. */
export interface ChainRow {
  peerId: string
  name: string
  isSelf: boolean
  /** What it serves; for a node that is in nobody's list any more, what it served in the answer. */
  serves: BlockRange
  /** What the last answer used of it; null when the answer went elsewhere. */
  used: BlockRange | null
  /** Per token, median, as the stage itself reports it. */
  computeMs: number | null
  roundTripMs: number | null
}

export function nameOf(peerId: string, peers: readonly PeerSummary[]): string {
  const peer = peers.find((known) => known.peerId === peerId)
  return peer?.publicName ?? shortenPeerId(peerId)
}

/** The route alone, in the order in which the answer went. */
export function chainOfHops(hops: readonly Hop[], peers: readonly PeerSummary[]): ChainRow[] {
  return hops.map(({ peerId, blocks, computeMs }) => {
    const peer = peers.find((known) => known.peerId === peerId)
    return {
      peerId,
      name: nameOf(peerId, peers),
      isSelf: peer?.isSelf ?? false,
      serves: peer?.blocks ?? blocks,
      used: blocks,
      computeMs,
      roundTripMs: peer?.isSelf ? null : (peer?.roundTripMs ?? null),
    }
  })
}

/** The route first, then everybody else who serves blocks, by where their blocks begin. */
export function chainOf(hops: readonly Hop[], peers: readonly PeerSummary[]): ChainRow[] {
  const route = chainOfHops(hops, peers)
  const onRoute = new Set(route.map(({ peerId }) => peerId))
  const others = peers.flatMap((peer) => {
    if (!peer.blocks || onRoute.has(peer.peerId) || peer.state === 'offline') return []
    const { peerId, isSelf, blocks: serves, roundTripMs } = peer
    const name = nameOf(peerId, peers)
    return [{ peerId, name, isSelf, serves, used: null, computeMs: null, roundTripMs: isSelf ? null : roundTripMs }]
  })
  return [...route, ...others.sort((a, b) => a.serves.start - b.serves.start || a.serves.end - b.serves.end)]
}

/** Where the answer steps from one row down to the next: at the block where the next stage begins. */
export function stepsBetween(rows: readonly ChainRow[]): { row: number; block: number }[] {
  return rows.flatMap(({ used }, row) => (used && row > 0 && rows[row - 1]?.used ? [{ row, block: used.start }] : []))
}
