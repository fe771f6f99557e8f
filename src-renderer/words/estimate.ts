import type { FitTogether } from '../../src-shared/file-views'
import { formatBytes } from '../format'

/** What each number of blocks needs, and what there is for them. */
export type BlockEstimate = Pick<FitTogether, 'needBytes' | 'budgetBytes' | 'where'>

const PLACES: Readonly<Record<BlockEstimate['where'], string>> = {
  card: 'free on the graphics card',
  memory: 'offered',
}

/** How many blocks from the first on stay within the budget. */
function fittingBlocks({ needBytes, budgetBytes }: BlockEstimate): number {
  const tooMany = needBytes.findIndex((bytes) => bytes > budgetBytes)
  return tooMany === -1 ? needBytes.length : tooMany
}

/** `count` 0: the host decides. */
export function doBlocksFit(estimate: BlockEstimate, count: number): boolean {
  return (estimate.needBytes[count - 1] ?? 0) <= estimate.budgetBytes
}

/** What `count` blocks would need, and what there is for them; 0: the host decides. */
export function blocksWords(estimate: BlockEstimate, count: number): string {
  const { needBytes, budgetBytes, where } = estimate
  const most = needBytes.length
  const fitting = fittingBlocks(estimate)
  const fit = fitting === most ? `all ${most} fit` : fitting === 0 ? 'not one fits' : `${fitting} of ${most} fit`
  const place = `${formatBytes(budgetBytes)} ${PLACES[where]}`
  if (count === 0) return `The host decides; ${fit} into the ${place}.`
  const blocks = count === 1 ? '1 block needs' : `${count} of ${most} blocks need`
  const need = `${blocks} about ${formatBytes(needBytes[count - 1] ?? 0)}`
  return doBlocksFit(estimate, count) ? `${need}; it fits into the ${place}.` : `${need}; ${fit} into the ${place}.`
}
