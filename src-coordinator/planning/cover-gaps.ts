import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import { coverageOf, splitEvenly } from './assign-blocks'
import type { PlannedWorker, PlanningRules } from './plan'

export interface GapChange {
  workerId: string
  range: BlockRange
  reason: string
}

interface Holder {
  worker: PlannedWorker
  range: BlockRange | null
  /** In whole periods. */
  units: number
}

/**
 * Changes after which as many blocks have a server as the workers can hold together: min(all, sum of what each
 * can). A chain with a gap serves nobody, so here a move is never weighed against what it interrupts; still the
 * fewest workers are touched: one is extended or moved at a time while that helps, and only where it does not,
 * the whole model is dealt out anew in the present order.
 */
export function coverGaps(workers: readonly PlannedWorker[], rules: PlanningRules): GapChange[] {
  const { blockCount, period } = rules
  const allUnits = Math.ceil(blockCount / period)
  const holders: Holder[] = workers.map((worker) => ({
    worker,
    range: worker.range,
    units: Math.min(allUnits, unitsOf(worker, rules)),
  }))
  const possible = Math.min(
    allUnits,
    holders.reduce((sum, { units }) => sum + units, 0),
  )
  const changes = new Map<string, GapChange>()
  const give = (holder: Holder, range: BlockRange, reason: string) => {
    holder.range = range
    changes.set(holder.worker.workerId, { workerId: holder.worker.workerId, range, reason })
  }

  while (coveredUnits(holders, rules) < possible) {
    const step = bestSingleStep(holders, rules)
    if (!step) break
    give(step.holder, step.range, `blocks ${formatBlocks(step.range)}: nobody else was there to take the missing ones`)
  }
  if (coveredUnits(holders, rules) < possible) {
    for (const { holder, range } of dealOut(holders, possible, rules)) {
      if (holder.range?.start === range.start && holder.range.end === range.end) continue
      give(holder, range, `blocks ${formatBlocks(range)}: the model was dealt out anew, to leave no gap`)
    }
  }
  // A worker that came back to what it had needs no change.
  return [...changes.values()].filter(({ workerId, range }) => {
    const had = workers.find((worker) => worker.workerId === workerId)?.range
    return had?.start !== range.start || had.end !== range.end
  })
}

/** A worker of which nothing is known is not asked for more than an even share, or than what it holds already. */
function unitsOf({ maxBlocks, range }: PlannedWorker, rules: PlanningRules): number {
  const { blockCount, period } = rules
  if (maxBlocks !== null)
    return maxBlocks >= blockCount ? Math.ceil(blockCount / period) : Math.floor(maxBlocks / period)
  const share = splitEvenly(rules)[0]
  const known = range ?? share
  return known ? Math.ceil((known.end - known.start) / period) : 0
}

function coveredUnits(holders: readonly Holder[], { blockCount, period }: PlanningRules): number {
  const coverage = coverageOf(
    blockCount,
    holders.flatMap(({ range }) => (range ? [range] : [])),
  )
  let covered = 0
  for (let start = 0; start < blockCount; start += period) if ((coverage[start] ?? 0) > 0) covered += 1
  return covered
}

/** The change of one worker's range that covers most, touching the fewest blocks that it has. Null: none helps. */
function bestSingleStep(holders: readonly Holder[], rules: PlanningRules) {
  const { blockCount, period } = rules
  const allUnits = Math.ceil(blockCount / period)
  const coverage = coverageOf(
    blockCount,
    holders.flatMap(({ range }) => (range ? [range] : [])),
  )
  let best: { holder: Holder; range: BlockRange; gain: number; lost: number } | null = null
  for (const holder of holders) {
    const own = holder.range
    if (holder.units === 0) continue
    // Units that nobody but this worker covers, or would cover: what it can win or lose by moving.
    const free = Array.from({ length: allUnits }, (_, unit) => {
      const block = unit * period
      const held = own && block >= own.start && block < own.end ? 1 : 0
      return (coverage[block] ?? 0) - held === 0 ? 1 : 0
    })
    const holds = own ? sumOf(free, own.start / period, Math.ceil(own.end / period)) : 0
    for (let unit = 0; unit + holder.units <= allUnits; unit += 1) {
      const range = { start: unit * period, end: Math.min((unit + holder.units) * period, blockCount) }
      const gain = sumOf(free, unit, unit + holder.units) - holds
      const lost = own ? own.end - own.start - overlapOf(own, range) : 0
      if (gain > 0 && (!best || gain > best.gain || (gain === best.gain && lost < best.lost))) {
        best = { holder, range, gain, lost }
      }
    }
  }
  return best
}

/** Deals `possible` periods from the left, in the order in which workers stand now, each by its speed where it can. */
function dealOut(holders: readonly Holder[], possible: number, { blockCount, period }: PlanningRules) {
  const order = [...holders]
    .filter(({ units }) => units > 0)
    .sort(
      (a, b) =>
        (a.range?.start ?? blockCount) - (b.range?.start ?? blockCount) ||
        (a.worker.workerId < b.worker.workerId ? -1 : 1),
    )
  const dealt: { holder: Holder; range: BlockRange }[] = []
  let unit = 0
  let unitsAfter = order.reduce((sum, { units }) => sum + units, 0)
  let speedLeft = order.reduce((sum, { worker }) => sum + worker.speed, 0)
  for (const holder of order) {
    const left = possible - unit
    if (left === 0) break
    unitsAfter -= holder.units
    const fair = Math.round((left * holder.worker.speed) / speedLeft)
    const size = Math.min(holder.units, Math.max(fair, left - unitsAfter, 1), left)
    speedLeft -= holder.worker.speed
    dealt.push({ holder, range: { start: unit * period, end: Math.min((unit + size) * period, blockCount) } })
    unit += size
  }
  return dealt
}

function sumOf(values: readonly number[], from: number, to: number): number {
  let sum = 0
  for (let index = from; index < to; index += 1) sum += values[index] ?? 0
  return sum
}

function overlapOf(a: BlockRange, b: BlockRange): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start))
}
