import type { BlockRange } from './blocks'

const OWN = '█'
/** Ours, and somewhere in it nobody serves. */
const OWN_WITH_GAP = '▒'
const COVERED = '▓'
const GAP = '░'

/**
 * The block strip as text, for a terminal and a tray: filled where it is ours, dark where others serve, pale where nobody
 * does. Of a model with more than `mostCells` blocks a character stands for several, and one gap among them shows.
 */
export function textStrip(
  { coverage, blocks }: { coverage: readonly number[]; blocks: BlockRange | null },
  mostCells = Number.POSITIVE_INFINITY,
): string {
  const cells = Math.min(coverage.length, mostCells)
  const firstOf = (cell: number) => Math.floor((cell * coverage.length) / cells)
  return Array.from({ length: cells }, (_, cell) => {
    const [start, end] = [firstOf(cell), firstOf(cell + 1)]
    const isOwn = blocks !== null && start < blocks.end && end > blocks.start
    const isWhole = coverage.slice(start, end).every((servers) => servers > 0)
    return isOwn ? (isWhole ? OWN : OWN_WITH_GAP) : isWhole ? COVERED : GAP
  }).join('')
}
