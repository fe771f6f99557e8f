import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createStopFilter } from './stop-filter'

it('ends before the first stop, also when it comes in pieces', () => {
  const filter = createStopFilter(['\nUser:', 'END'])
  expect(filter.push('hello\nUs')).toEqual({ text: 'hello', isStopped: false })
  expect(filter.push('ing it')).toEqual({ text: '\nUsing it', isStopped: false })
  expect(filter.push(' E')).toEqual({ text: ' ', isStopped: false })
  expect(filter.push('N')).toEqual({ text: '', isStopped: false })
  expect(filter.push('D and more')).toEqual({ text: '', isStopped: true })
})

it('gives back what it kept when nothing followed', () => {
  const filter = createStopFilter(['STOP', ''])
  expect(filter.push('a ST')).toEqual({ text: 'a ', isStopped: false })
  expect(filter.flush()).toBe('ST')
  expect(filter.flush()).toBe('')
})

it('shows exactly the text up to the earliest stop, however it is cut', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 })
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), stops, (pieces, wanted) => {
      const whole = pieces.join('')
      const filter = createStopFilter(wanted)
      let shown = ''
      let isStopped = false
      for (const piece of pieces) {
        const step = filter.push(piece)
        shown += step.text
        isStopped = step.isStopped
        if (isStopped) break
      }
      if (!isStopped) shown += filter.flush()
      // A stop may complete in a piece while an earlier-beginning, longer one is still open: the one complete wins.
      const ends = wanted.map((stop) => whole.indexOf(stop)).filter((index) => index >= 0)
      expect(isStopped).toBe(ends.length > 0)
      expect(whole.startsWith(shown)).toBe(true)
      if (!isStopped) expect(shown).toBe(whole)
      else {
        expect(wanted.some((stop) => whole.startsWith(stop, shown.length))).toBe(true)
        expect(wanted.some((stop) => shown.includes(stop))).toBe(false)
      }
    }),
    { seed: 6, numRuns: 2_000 },
  )
})
