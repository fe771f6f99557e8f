import type { PeerId } from '@libp2p/interface'
import type { FoundValue } from './found-value'
import { peerFromText } from './peer-bytes'
import { decodeServerInfo, SERVER_STATES, type ServerInfo, type ServerState } from './server-info'

/** The blocks of a model that one peer says to serve: [start, end), within the model, never empty. */
export interface ServerSpan {
  peer: PeerId
  start: number
  end: number
  info: ServerInfo
}

/**
 * One span per peer from the records of a model's blocks, as Petals' readers compute it: a peer counts from the first
 * block that lists it, or from a later one with a higher state; its record's own range decides, and without one the
 * span grows block by block. Records that nobody could read are left out.
 * @param blocks what was found for every block of the model, in order from block 0
 */
export function computeSpans(
  blocks: readonly (FoundValue | null)[],
  { minState = 'offline' }: { minState?: ServerState } = {},
): ServerSpan[] {
  const spans = new Map<string, ServerSpan>()
  blocks.forEach((found, block) => {
    for (const { peer, info } of serversOf(found)) {
      if (rank(info) < SERVER_STATES.indexOf(minState)) continue
      const id = peer.toString()
      const span = spans.get(id)
      if (!span || rank(span.info) < rank(info)) spans.set(id, { peer, info, ...rangeOf(info, block, blocks.length) })
      else if (rank(span.info) === rank(info)) span.end = Math.max(span.end, block + 1)
    }
  })
  // A range outside the model is nobody's service, and its length of zero has stopped a public map.
  return [...spans.values()].filter(({ start, end }) => start < end)
}

function rank(info: ServerInfo): number {
  return SERVER_STATES.indexOf(info.state)
}

function rangeOf(info: ServerInfo, block: number, blockCount: number): { start: number; end: number } {
  if (info.startBlock === null || info.endBlock === null) return { start: block, end: block + 1 }
  return { start: Math.max(info.startBlock, 0), end: Math.min(info.endBlock, blockCount) }
}

function serversOf(found: FoundValue | null): { peer: PeerId; info: ServerInfo }[] {
  if (found?.kind !== 'dictionary') return []
  const servers: { peer: PeerId; info: ServerInfo }[] = []
  for (const [subkey, { value }] of found.entries) {
    const peer = peerFromText(subkey)
    const info = peer && readInfo(value)
    if (peer && info) servers.push({ peer, info })
  }
  return servers
}

function readInfo(value: Uint8Array): ServerInfo | null {
  try {
    return decodeServerInfo(value)
  } catch {
    return null
  }
}
