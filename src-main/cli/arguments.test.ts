import { expect, it } from 'vitest'
import { decimal, numberWithin } from './arguments'

it('numbers out of range are told from what is no number', () => {
  expect(decimal('0.7')).toBe(0.7)
  expect(() => decimal('-1')).toThrow('Must be 0 or more.')
  expect(() => decimal('warm')).toThrow('Not a number.')
  expect(() => numberWithin(1, 131_072)('0')).toThrow('between 1 and 131072')
})
