import type { FitTogether } from '../../src-shared/file-views'
import { formatBytes } from '../format'
import { say } from '.'

/** What each number of blocks needs, and what there is for them. */
export type BlockEstimate = Pick<FitTogether, 'needBytes' | 'budgetBytes' | 'where'>

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
  const { ESTIMATE } = say
  const { needBytes, budgetBytes, where } = estimate
  const most = needBytes.length
  const fitting = fittingBlocks(estimate)
  const fit =
    fitting === most ? ESTIMATE.allFit(most) : fitting === 0 ? ESTIMATE.noneFits : ESTIMATE.someFit(fitting, most)
  const place = `${formatBytes(budgetBytes)} ${ESTIMATE.places[where]}`
  if (count === 0) return ESTIMATE.hostDecides(fit, place)
  const need = ESTIMATE.needs(count, most, formatBytes(needBytes[count - 1] ?? 0))
  return doBlocksFit(estimate, count) ? ESTIMATE.fits(need, place) : ESTIMATE.fitsNot(need, fit, place)
}
