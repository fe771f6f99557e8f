import { expect, it } from 'vitest'
import { textStrip } from './text-strip'

it('each block is one character: ours, others’, nobody’s', () => {
  expect(textStrip({ coverage: [1, 2, 1, 0, 0, 3], blocks: { start: 2, end: 4 } })).toBe('▓▓█▒░▓')
  expect(textStrip({ coverage: [1, 0], blocks: null })).toBe('▓░')
  expect(textStrip({ coverage: [], blocks: null }, 32)).toBe('')
})

it('of a large model a character is several blocks; one gap among them, and one block of ours, still show', () => {
  const coverage = Array.from({ length: 126 }, (_, block) => (block === 71 ? 0 : 1))
  const strip = textStrip({ coverage, blocks: { start: 40, end: 41 } }, 32)
  expect(strip).toHaveLength(32)
  expect([...strip].filter((cell) => cell === '░')).toHaveLength(1)
  expect([...strip].filter((cell) => cell === '█')).toHaveLength(1)
  // Every block is in exactly one of them.
  const shown = coverage.map((_, block) => textStrip({ coverage, blocks: { start: block, end: block + 1 } }, 32))
  expect(shown.every((cells) => /^[▓░]*[█▒][▓░]*$/.test(cells))).toBe(true)
})
