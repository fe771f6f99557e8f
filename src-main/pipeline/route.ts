import type { BlockRange } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'

export interface RouteStage extends BlockRange {
  readonly peer: string
}

/** A server that can be a stage: online, with this range. `cost` orders replicas (lower is better). */
export interface Candidate extends BlockRange {
  readonly peer: string
  readonly cost: number
}

/** What it costs to go from one peer to another; null is the entry, which sends the tokens and gets the answer. */
export type HopCost = (from: string | null, to: string | null) => number

interface Way {
  readonly candidate: Candidate
  readonly cost: number
  readonly before: Way | null
}

/**
 * The cheapest chain of servers from block 0 to `blockCount`, each beginning where the one before it ends (a stage
 * always runs its whole slice). The shortest path over (peer, block): a server's cost, and the hop to it from the one
 * before; a number is that for every hop but the last one back. Throws CHAIN_INCOMPLETE and names the blocks that
 * nobody serves, or where no chain fits together.
 */
export function chooseRoute(
  candidates: readonly Candidate[],
  blockCount: number,
  hop: number | HopCost = 1,
): RouteStage[] {
  const hopCost: HopCost = typeof hop === 'number' ? (_, to) => (to === null ? 0 : hop) : hop
  const endingAt = new Map<number, Way[]>()
  // Ranges only go up, so one pass by start sees every way into a block before the ways out of it.
  for (const candidate of candidates.toSorted((a, b) => a.start - b.start || (a.peer < b.peer ? -1 : 1))) {
    const { start, end, peer, cost } = candidate
    if (end > blockCount || end <= start) continue
    const way = cheapestTo(peer, start === 0 ? null : (endingAt.get(start) ?? []), hopCost)
    if (!way) continue
    const here = { candidate, cost: way.cost + cost, before: way.before }
    endingAt.set(end, [...(endingAt.get(end) ?? []), here])
  }
  const found = cheapestTo(null, endingAt.get(blockCount) ?? [], hopCost)
  if (!found) throw new EspalierError('CHAIN_INCOMPLETE', describeGap(candidates, blockCount))
  const route: RouteStage[] = []
  for (let way = found.before; way !== null; way = way.before) {
    const { peer, start, end } = way.candidate
    route.unshift({ peer, start, end })
  }
  return route
}

/** Whether each stage begins where the one before it ends, and each is another peer: what a session may be opened with. */
export function isChain(route: readonly RouteStage[]): boolean {
  const joins = route.every(({ start, end }, index) => start < end && start === (route[index - 1]?.end ?? start))
  return joins && new Set(route.map(({ peer }) => peer)).size === route.length
}

/** @param ways what may come before; null at the first block, before which comes the entry */
function cheapestTo(
  to: string | null,
  ways: readonly Way[] | null,
  hopCost: HopCost,
): { cost: number; before: Way | null } | null {
  if (ways === null) return { cost: hopCost(null, to), before: null }
  let best: { cost: number; before: Way } | null = null
  for (const way of ways) {
    const cost = way.cost + hopCost(way.candidate.peer, to)
    if (best === null || cost < best.cost) best = { cost, before: way }
  }
  return best
}

function describeGap(candidates: readonly Candidate[], blockCount: number): string {
  const missing = Array.from({ length: blockCount }, (_, block) => block).filter(
    (block) => !candidates.some(({ start, end }) => start <= block && block < end),
  )
  if (missing.length === 0) return 'every block is served, but the ranges do not join into a chain'
  return `block${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`
}
