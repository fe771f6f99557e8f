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

/**
 * The cheapest chain of servers from block 0 to `blockCount`, each beginning where the one before it ends (a stage
 * always runs its whole slice). Cost is the sum of the servers' costs plus one `hopCost` each. Throws
 * CHAIN_INCOMPLETE and names the blocks that nobody serves, or where no chain fits together.
 */
export function chooseRoute(candidates: readonly Candidate[], blockCount: number, hopCost = 1): RouteStage[] {
  const cheapest: ({ cost: number; from: number; stage: RouteStage } | undefined)[] = new Array(blockCount + 1)
  const reachable = (block: number) => block === 0 || cheapest[block] !== undefined
  const costAt = (block: number) => (block === 0 ? 0 : (cheapest[block]?.cost ?? Number.POSITIVE_INFINITY))
  // Ranges only go up, so one pass by start sees every way into a block before the ways out of it.
  for (const { peer, start, end, cost } of candidates.toSorted(
    (a, b) => a.start - b.start || (a.peer < b.peer ? -1 : 1),
  )) {
    if (end > blockCount || end <= start || !reachable(start)) continue
    const total = costAt(start) + cost + hopCost
    if (total < costAt(end)) cheapest[end] = { cost: total, from: start, stage: { peer, start, end } }
  }
  const route: RouteStage[] = []
  for (let block = blockCount; block > 0; ) {
    const step = cheapest[block]
    if (!step) throw new EspalierError('CHAIN_INCOMPLETE', describeGap(candidates, blockCount))
    route.unshift(step.stage)
    block = step.from
  }
  return route
}

function describeGap(candidates: readonly Candidate[], blockCount: number): string {
  const missing = Array.from({ length: blockCount }, (_, block) => block).filter(
    (block) => !candidates.some(({ start, end }) => start <= block && block < end),
  )
  if (missing.length === 0) return 'every block is served, but the ranges do not join into a chain'
  return `block${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`
}
