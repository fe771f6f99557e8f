import { formatBlocks } from '../src-shared/blocks'
import type { PeerSummary } from '../src-shared/status'
import { formatRate } from './format'
import { say } from './words'

/** What a node can be good for, column by column. */
export const CAPABILITIES = ['serves', 'direct', 'room', 'speed', 'quantization'] as const
export type Capability = (typeof CAPABILITIES)[number]

/** `unknown`: the node has said nothing of it, which is not a no. */
export interface Cell {
  state: 'yes' | 'no' | 'unknown'
  words: string
}

export interface CapabilityRow {
  peer: PeerSummary
  cells: Readonly<Record<Capability, Cell>>
}

/** As each node's own records say; only its state is what others saw. */
export function capabilitiesOf(peer: PeerSummary): CapabilityRow {
  const { offers, blocks, state } = peer
  const says = <T>(value: T | null | undefined, cell: (value: T) => Cell): Cell =>
    value == null ? { state: 'unknown', words: say.CAPABILITY.unknown } : cell(value)
  return {
    peer,
    cells: {
      serves: says(blocks, (range) => ({
        state: state === 'online' ? 'yes' : 'no',
        words: formatBlocks(range),
      })),
      direct: says(offers?.usesRelay, (usesRelay) => ({
        state: usesRelay ? 'no' : 'yes',
        words: usesRelay ? say.CAPABILITY.byRelay : say.CAPABILITY.direct,
      })),
      room: says(offers?.cacheTokensLeft, (tokens) => ({
        state: tokens > 0 ? 'yes' : 'no',
        words: tokens > 0 ? say.CAPABILITY.tokens(tokens) : say.CAPABILITY.full,
      })),
      speed: says(offers?.tokensPerSecond, (rate) => ({
        state: rate > 0 ? 'yes' : 'no',
        words: say.CAPABILITY.rate(formatRate(rate)),
      })),
      quantization: says(offers?.quantization, (words) => ({ state: 'yes', words })),
    },
  }
}

export interface CapabilityFilter {
  /** Part of a name, a peer id or a cell. */
  query: string
  /** Only nodes that have all of these. */
  wanted: ReadonlySet<Capability>
}

export function filterCapabilities(
  rows: readonly CapabilityRow[],
  { query, wanted }: CapabilityFilter,
): readonly CapabilityRow[] {
  const words = query.trim().toLowerCase()
  return rows.filter(({ peer, cells }) => {
    if ([...wanted].some((capability) => cells[capability].state !== 'yes')) return false
    const texts = [peer.publicName ?? '', peer.peerId, ...CAPABILITIES.map((capability) => cells[capability].words)]
    return texts.some((text) => text.toLowerCase().includes(words))
  })
}
