import { expect, it } from 'vitest'
import { blocksInWords } from './blocks'

it.each([
  [{ start: 12, end: 20 }, 'blocks 12–19'],
  [{ start: 3, end: 4 }, 'block 3'],
  [{ start: 3, end: 3 }, 'no blocks (from 3 to before 3)'],
  [{ start: 5, end: 2 }, 'no blocks (from 5 to before 2)'],
])('people read inclusive ranges: %j is “%s”', (range, words) => {
  expect(blocksInWords(range)).toBe(words)
})
