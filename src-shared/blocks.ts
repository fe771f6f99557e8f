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
