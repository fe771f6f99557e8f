import type { PeerSummary } from '../../src-shared/status'

export const PEERS_PAGE = {
  empty: 'Nobody yet',
  emptyText: 'The nodes that this one meets are listed here, with the blocks they serve.',
  emptyStopped: 'A stopped node meets nobody. Start it on the overview.',
  columns: { name: 'Node', state: 'State', blocks: 'Blocks', seenAt: 'Last heard', roundTripMs: 'Round trip' },
  roundTripHint: 'The median time of a ping and its answer',
  unnamed: 'Unnamed',
  self: 'this computer',
  views: 'Show peers as',
  mapLoading: 'Unfolding the map…',
  mapFailed: 'The map could not be opened',
  mapFailedText: 'This part of the page did not load; it needs contact with the node.',
} as const

export function peersLead(peers: readonly PeerSummary[], leftOut = 0): string {
  const others = peers.filter(({ isSelf }) => !isSelf)
  if (others.length === 0) return 'The nodes that this one meets, and what they serve.'
  const online = others.filter(({ state }) => state === 'online').length
  const nodes = others.length === 1 ? '1 other node' : `${others.length.toLocaleString('en')} other nodes`
  if (leftOut > 0)
    return `${nodes} are listed, ${leftOut.toLocaleString('en')} more are not: yours, your neighbours’ and those online come first.`
  return `${nodes}, ${online === others.length ? (online === 1 ? 'online' : 'all online') : `${online} of them online`}.`
}

export const PATH = {
  title: 'The way of an answer',
  servers: 'who serves which blocks now',
  empty: 'No answer has passed since this page was opened. Ask something on Try it: its route is drawn here.',
  noServers: 'Nobody has said yet which blocks they serve.',
  compute: 'Compute',
  computeHint: 'Compute time of this stage per token, median, as the stage itself reports it',
  roundTrip: 'Round trip',
  used: 'used by the last answer',
  free: 'serves, not used',
} as const

/** What a token's time went into, as far as it was measured: never a sum of things of which one is missing. */
export function tokenTimeWords(tokensPerSecond: number | null, computeMs: readonly (number | null)[]): string | null {
  if (tokensPerSecond === null || tokensPerSecond <= 0) return null
  const perTokenMs = 1_000 / tokensPerSecond
  const total = `A token took ${Math.round(perTokenMs)}\u00a0ms`
  const known = computeMs.filter((ms) => ms !== null)
  if (known.length === 0 || known.length < computeMs.length) return `${total}.`
  const computed = known.reduce((sum, ms) => sum + ms, 0)
  if (computed > perTokenMs) return `${total}.`
  const shown = computed < 10 ? computed.toFixed(1) : Math.round(computed)
  return `${total}: ${shown}\u00a0ms of computing in ${known.length === 1 ? 'one stage' : `${known.length} stages`}, the rest on the way and in choosing words.`
}

export function moreServersWords(count: number): string {
  return count === 1 ? '1 more node serves blocks.' : `${count.toLocaleString('en')} more nodes serve blocks.`
}
