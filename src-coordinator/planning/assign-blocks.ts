import { type BlockRange, formatBlocks } from '../../src-shared/blocks'

/** A range that a worker holds; `speed` weighs it (single-token steps per second and block, any one unit). */
export interface HeldRange extends BlockRange {
  speed?: number
}

export interface AssignmentQuestion {
  blockCount: number
  /** Cuts are possible only at multiples of this (and at the end): the model's pattern of block kinds. */
  period: number
  /** Into how many near-equal ranges the host wants the model split. */
  targetWorkers: number
  /** Ranges of the other live workers of this model. */
  live: readonly HeldRange[]
  /** The most blocks that the worker can or wants to hold; null for no limit. */
  maxBlocks: number | null
  /** Once every block has this many servers, further workers stand by. None by default. */
  maxReplicas?: number
}

/** `range` null: nothing fits or nothing is needed, the worker stands by. `reason` is a sentence either way. */
export interface AssignmentChoice {
  range: BlockRange | null
  reason: string
}

/** Sums of speeds are compared with this much room, because they are added in different orders. */
const EPSILON = 1e-3

/**
 * Chooses a contiguous range of one part of the near-equal split: first where the slowest block has the least
 * speed behind it, then where most such blocks are, then the longest, then the leftmost. That is Petals' rule
 * (raise the weakest blocks first, leftmost on ties), so blocks that nobody serves go first, and once all are
 * served, a further worker doubles the weakest part.
 */
export function chooseBlocks(question: AssignmentQuestion): AssignmentChoice {
  const { blockCount, live, period, maxReplicas = Number.POSITIVE_INFINITY } = question
  const servers = coverageOf(blockCount, live)
  const speeds = speedsOf(blockCount, live)
  const limit = question.maxBlocks ?? blockCount
  const candidates = splitEvenly(question).flatMap((part) => windowsOf(part, period, limit))
  const ranked = candidates
    .map((range) => ({ range, ...weaknessOf(range, speeds) }))
    .sort(
      (a, b) =>
        compare(a.slowest, b.slowest) ||
        b.slowBlocks - a.slowBlocks ||
        b.range.end - b.range.start - (a.range.end - a.range.start) ||
        a.range.start - b.range.start,
    )
  const best = ranked[0]
  if (!best) {
    return {
      range: null,
      reason: `the model is cut every ${period} blocks, and the node holds ${limit} at most`,
    }
  }
  const fewest = Math.min(...servers.slice(best.range.start, best.range.end))
  const blocks = `blocks ${formatBlocks(best.range)}`
  if (fewest === 0) return { range: best.range, reason: `${blocks}: some of them were served by nobody` }
  if (Math.min(...servers) >= maxReplicas) {
    return { range: null, reason: `every block has ${maxReplicas} servers already; held in reserve` }
  }
  return { range: best.range, reason: `${blocks}: all blocks are served, these by the fewest (${fewest})` }
}

/** How many of `ranges` hold each block. */
export function coverageOf(blockCount: number, ranges: readonly BlockRange[]): number[] {
  return speedsOf(
    blockCount,
    ranges.map(({ start, end }) => ({ start, end })),
  )
}

/** The speeds behind each block, added up; a range without one counts 1. */
export function speedsOf(blockCount: number, ranges: readonly HeldRange[]): number[] {
  const speeds = new Array<number>(blockCount).fill(0)
  for (const range of ranges) {
    for (let block = Math.max(0, range.start); block < Math.min(range.end, blockCount); block += 1) {
      speeds[block] = (speeds[block] ?? 0) + (range.speed ?? 1)
    }
  }
  return speeds
}

/** 8 blocks for 3 workers are [0,3), [3,6), [6,8); with a period, whole periods are dealt out instead of blocks. */
export function splitEvenly({
  blockCount,
  period,
  targetWorkers,
}: Pick<AssignmentQuestion, 'blockCount' | 'period' | 'targetWorkers'>): BlockRange[] {
  const units = Math.ceil(blockCount / period)
  const parts = Math.max(1, Math.min(targetWorkers, units))
  const ranges: BlockRange[] = []
  let unit = 0
  for (let part = 0; part < parts; part += 1) {
    const size = Math.floor(units / parts) + (part < units % parts ? 1 : 0)
    ranges.push({ start: unit * period, end: Math.min((unit + size) * period, blockCount) })
    unit += size
  }
  return ranges
}

/** From every cut in `part`, the longest range of at most `limit` blocks that ends on a cut. */
export function windowsOf(part: BlockRange, period: number, limit: number): BlockRange[] {
  const windows: BlockRange[] = []
  for (let start = part.start; start < part.end; start += period) {
    const end = part.end - start <= limit ? part.end : start + Math.floor(limit / period) * period
    if (end > start) windows.push({ start, end })
  }
  return windows
}

/** Whether both ends are places where this model can be cut. */
export function isCut({ start, end }: BlockRange, blockCount: number, period: number): boolean {
  return start < end && end <= blockCount && start % period === 0 && (end % period === 0 || end === blockCount)
}

function compare(a: number, b: number): number {
  return Math.abs(a - b) <= EPSILON * Math.max(1, a, b) ? 0 : a - b
}

function weaknessOf({ start, end }: BlockRange, speeds: readonly number[]) {
  const own = speeds.slice(start, end)
  const slowest = Math.min(...own)
  return { slowest, slowBlocks: own.filter((speed) => compare(speed, slowest) === 0).length }
}
