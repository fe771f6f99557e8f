import { describe, expect, it } from 'vitest'
import { type BlockEstimate, blocksWords, doBlocksFit } from './estimate'

const GB = 1_000_000_000
const estimate: BlockEstimate = {
  needBytes: [2 * GB, 3 * GB, 4 * GB, 6 * GB],
  budgetBytes: 3.5 * GB,
  where: 'card',
}
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ')

describe('C-47: the estimate follows the slider', () => {
  it.each([
    [0, true, 'The host decides; 2 of 4 fit into the 3.5 GB free on the graphics card.'],
    [1, true, '1 block needs about 2 GB; it fits into the 3.5 GB free on the graphics card.'],
    [2, true, '2 of 4 blocks need about 3 GB; it fits into the 3.5 GB free on the graphics card.'],
    [3, false, '3 of 4 blocks need about 4 GB; 2 of 4 fit into the 3.5 GB free on the graphics card.'],
  ])('%i blocks', (count, fits, words) => {
    expect(doBlocksFit(estimate, count)).toBe(fits)
    expect(plain(blocksWords(estimate, count)).replaceAll('.00 GB', ' GB').replaceAll('3.50', '3.5')).toBe(words)
  })

  it('says so when all fit, and when not one does', () => {
    expect(blocksWords({ ...estimate, budgetBytes: 9 * GB, where: 'memory' }, 0)).toMatch(
      /all 4 fit into the .* offered/,
    )
    expect(blocksWords({ ...estimate, budgetBytes: GB }, 1)).toMatch(/not one fits/)
  })
})
