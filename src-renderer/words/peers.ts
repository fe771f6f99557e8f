import type { PeerSummary } from '../../src-shared/status'
import { formatMs } from '../format'
import { say } from '.'

export function peersLead(peers: readonly PeerSummary[], leftOut = 0): string {
  const { PEERS_PAGE } = say
  const others = peers.filter(({ isSelf }) => !isSelf)
  if (others.length === 0) return PEERS_PAGE.lead
  const online = others.filter(({ state }) => state === 'online').length
  const nodes = say.othersWords(others.length)
  if (leftOut > 0) return PEERS_PAGE.someListed(nodes, leftOut)
  if (online < others.length) return PEERS_PAGE.someOnline(nodes, online)
  return online === 1 ? PEERS_PAGE.oneOnline(nodes) : PEERS_PAGE.allOnline(nodes)
}

/** What a token's time went into, as far as it was measured: never a sum of things of which one is missing. */
export function tokenTimeWords(tokensPerSecond: number | null, computeMs: readonly (number | null)[]): string | null {
  if (tokensPerSecond === null || tokensPerSecond <= 0) return null
  const perTokenMs = 1_000 / tokensPerSecond
  const total = formatMs(perTokenMs)
  const known = computeMs.filter((ms) => ms !== null)
  const computed = known.reduce((sum, ms) => sum + ms, 0)
  if (known.length === 0 || known.length < computeMs.length || computed > perTokenMs) return say.PATH.tokenTime(total)
  return say.PATH.tokenTimeSplit(total, formatMs(computed), known.length)
}
