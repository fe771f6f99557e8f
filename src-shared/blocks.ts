/** A range of model blocks, half-open: `start` is served, `end` is not. Never empty. */
export interface BlockRange {
  readonly start: number
  readonly end: number
}

export function isBlockRange(range: BlockRange, blockCount: number): boolean {
  const { start, end } = range
  return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end > start && end <= blockCount
}

/** What people read: inclusive, and a single block as one number. `{start: 12, end: 20}` is "12–19". */
export function formatBlocks({ start, end }: BlockRange): string {
  return end - start === 1 ? `${start}` : `${start}–${end - 1}`
}

/** As a part of a sentence, also for what is no range: `block 3`, `blocks 12–19`, `no blocks (from 3 to before 3)`. */
export function blocksInWords({ start, end }: BlockRange): string {
  if (!(end > start)) return `no blocks (from ${start} to before ${end})`
  return `block${end - start === 1 ? '' : 's'} ${formatBlocks({ start, end })}`
}
