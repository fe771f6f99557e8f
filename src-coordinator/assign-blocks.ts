import { type BlockRange, formatBlocks } from '../src-shared/blocks'

export interface AssignmentQuestion {
  blockCount: number
  /** Cuts are possible only at multiples of this (and at the end): the model's pattern of block kinds. */
  period: number
  /** Into how many near-equal ranges the host wants the model split. */
  targetWorkers: number
  /** Ranges of the other live workers of this model. */
  live: readonly BlockRange[]
  /** The most blocks that the worker wants; null for no limit. */
  requestedBlocks: number | null
}

/** `range` null: nothing fits, the worker stands by. `reason` is a sentence for people either way. */
export interface AssignmentChoice {
  range: BlockRange | null
  reason: string
}

/**
 * Chooses a contiguous range of one part of the near-equal split: first where a block has the fewest servers,
 * then where most such blocks are, then the longest, then the leftmost. So blocks that nobody serves go first,
 * and once all are served, a further worker doubles the weakest part.
 */
export function chooseBlocks(question: AssignmentQuestion): AssignmentChoice {
  const coverage = coverageOf(question.blockCount, question.live)
  const limit = question.requestedBlocks ?? question.blockCount
  const candidates = splitEvenly(question).flatMap((part) => windowsOf(part, question.period, limit))
  const ranked = candidates
    .map((range) => ({ range, ...weaknessOf(range, coverage) }))
    .sort(
      (a, b) =>
        a.servers - b.servers ||
        b.weakBlocks - a.weakBlocks ||
        b.range.end - b.range.start - (a.range.end - a.range.start) ||
        a.range.start - b.range.start,
    )
  const best = ranked[0]
  if (!best) {
    return {
      range: null,
      reason: `the model is cut every ${question.period} blocks, and the node asked for ${limit} at most`,
    }
  }
  const blocks = `blocks ${formatBlocks(best.range)}`
  if (best.servers === 0) return { range: best.range, reason: `${blocks}: some of them were served by nobody` }
  return { range: best.range, reason: `${blocks}: all blocks are served, these by the fewest (${best.servers})` }
}

/** How many of `ranges` hold each block. */
export function coverageOf(blockCount: number, ranges: readonly BlockRange[]): number[] {
  const coverage = new Array<number>(blockCount).fill(0)
  for (const range of ranges) {
    for (let block = Math.max(0, range.start); block < Math.min(range.end, blockCount); block += 1) {
      coverage[block] = (coverage[block] ?? 0) + 1
    }
  }
  return coverage
}

/** 8 blocks for 3 workers are [0,3), [3,6), [6,8); with a period, whole periods are dealt out instead of blocks. */
function splitEvenly({ blockCount, period, targetWorkers }: AssignmentQuestion): BlockRange[] {
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
function windowsOf(part: BlockRange, period: number, limit: number): BlockRange[] {
  const windows: BlockRange[] = []
  for (let start = part.start; start < part.end; start += period) {
    const end = part.end - start <= limit ? part.end : start + Math.floor(limit / period) * period
    if (end > start) windows.push({ start, end })
  }
  return windows
}

function weaknessOf({ start, end }: BlockRange, coverage: readonly number[]) {
  const servers = Math.min(...coverage.slice(start, end))
  return { servers, weakBlocks: coverage.slice(start, end).filter((count) => count === servers).length }
}
