import { expect, it } from 'vitest'
import { decimal, lookInterval, numberWithin, seed } from './arguments'

it('numbers out of range are told from what is no number', () => {
  expect(decimal('0.7')).toBe(0.7)
  expect(() => decimal('-1')).toThrow('Must be 0 or more.')
  expect(() => decimal('warm')).toThrow('Not a number.')
  expect(() => numberWithin(1, 131_072)('0')).toThrow('between 1 and 131072')
})

it('every seed that may have been drawn can be given', () => {
  expect([seed('0'), seed('4294967295')]).toEqual([0, 0xffff_ffff])
  for (const text of ['4294967296', '-1', '1.5', '']) expect(() => seed(text)).toThrow('between 0 and 4294967295')
})

it('a network is not looked at without a pause', () => {
  expect(lookInterval('1')).toBe(1)
  expect(() => lookInterval('0')).toThrow('between 1 and 86400')
})
