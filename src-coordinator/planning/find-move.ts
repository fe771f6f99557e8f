import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import { coverageOf, isCut, speedsOf } from './assign-blocks'
import { type AssignmentChange, compareIds, type PlannedWorker, type PlanningRules } from './plan'

/** A move must leave the slowest block at least a third faster: t0/t1 below this, as Petals has it. */
const QUALITY = 0.75
const EPSILON = 1e-3
/** The others' moves are followed this many rounds; they settle in two or three. */
const MAX_ROUNDS = 10
/** Those whose blocks have most speed to spare are tried; the others would be tried after them. */
const MAX_CANDIDATES = 8

interface Place {
  workerId: string
  range: BlockRange
  speed: number
}

/**
 * The one worker, if any, whose move clearly makes the slowest block faster. Petals' rule (`should_move`): the move
 * is tried, then every other worker is let follow, and only what remains after that counts. Never moves a worker
 * whose blocks no other one serves, nor anything while the model is not wholly served.
 */
export function findMove(
  workers: readonly PlannedWorker[],
  rules: PlanningRules,
  movableIfAssignedBefore: number,
): AssignmentChange | null {
  const { blockCount } = rules
  const served = coverageOf(
    blockCount,
    workers.flatMap(({ range, isServing }) => (range && isServing ? [range] : [])),
  )
  if (served.includes(0)) return null
  const places = [...workers]
    .sort(compareIds)
    .flatMap(({ workerId, range, speed }) => (range ? [{ workerId, range, speed }] : []))
  const speeds = speedsOf(blockCount, places.map(heldBy))
  const before = Math.min(...speeds)
  const spare = (place: Place) => Math.min(...speeds.slice(place.range.start, place.range.end))
  const movable = workers
    .filter(({ assignedAt, isServing }) => isServing && assignedAt < movableIfAssignedBefore)
    .flatMap(({ workerId }) => places.find((place) => place.workerId === workerId) ?? [])
    .filter(({ range }) => served.slice(range.start, range.end).every((servers) => servers >= 2))
    .sort((a, b) => spare(b) - spare(a))
    .slice(0, MAX_CANDIDATES)
  let best: { place: Place; range: BlockRange; after: number } | null = null
  for (const place of movable) {
    const left = [...speeds]
    add(left, place.range, -place.speed)
    const range = bestStart(left, place.range, rules)
    if (range.start === place.range.start) continue
    const others = places.filter((other) => other !== place)
    const after = settle([...others, { ...place, range }], rules)
    if (after < EPSILON || before / after >= QUALITY - EPSILON) continue
    if (!best || after > best.after) best = { place, range, after }
  }
  if (!best) return null
  const gain = Math.round((best.after / before - 1) * 100)
  const [now, then] = [formatBlocks(best.place.range), formatBlocks(best.range)]
  return {
    workerId: best.place.workerId,
    kind: 'moved',
    range: best.range,
    reason: `blocks ${then} instead of ${now}: the slowest block gets ${gain} % faster`,
  }
}

/** Where a range of the same length helps the slowest blocks most; leftmost on ties. */
function bestStart(speeds: readonly number[], range: BlockRange, { blockCount, period }: PlanningRules): BlockRange {
  const length = range.end - range.start
  let best = range
  let lowest: number[] | null = null
  for (let start = 0; start + length <= blockCount; start += period) {
    const end = start + length
    if (!isCut({ start, end }, blockCount, period)) continue
    const sorted = speeds.slice(start, end).sort((a, b) => a - b)
    if (lowest === null || isLower(sorted, lowest)) {
      lowest = sorted
      best = { start, end }
    }
  }
  return best
}

/** Lets everybody follow in turn until nobody gains; the speed of the slowest block then. */
function settle(places: readonly Place[], rules: PlanningRules): number {
  const current = places.map((place) => ({ ...place }))
  const speeds = speedsOf(rules.blockCount, current.map(heldBy))
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    let moved = false
    for (const place of current) {
      const slowest = Math.min(...speeds)
      add(speeds, place.range, -place.speed)
      const range = bestStart(speeds, place.range, rules)
      add(speeds, range, place.speed)
      // Only for something: equal places are no reason.
      if (Math.min(...speeds) > slowest + EPSILON) {
        place.range = range
        moved = true
      } else {
        add(speeds, range, -place.speed)
        add(speeds, place.range, place.speed)
      }
    }
    if (!moved) break
  }
  return Math.min(...speeds)
}

function add(speeds: number[], { start, end }: BlockRange, speed: number): void {
  for (let block = start; block < end; block += 1) speeds[block] = (speeds[block] ?? 0) + speed
}

function heldBy({ range, speed }: Place) {
  return { ...range, speed }
}

function isLower(a: readonly number[], b: readonly number[]): boolean {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (Math.abs(difference) > EPSILON) return difference < 0
  }
  return false
}
