import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatCores,
  formatCount,
  formatIn,
  formatMs,
  formatRate,
  formatSpan,
  shortenPeerId,
} from './format'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('numbers carry no more digits than we know', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.00 kB'],
    [42_000_000, '42.0 MB'],
    [999_600_000, '1.00 GB'],
    [1_030_000_000, '1.03 GB'],
    [640_000_000, '640 MB'],
  ])('%d bytes are %s', (bytes, text) => expect(plain(formatBytes(bytes))).toBe(text))

  it.each([
    [0, '0'],
    [4_212, '4,212'],
    [999_999, '999,999'],
    [1_941_380, '1.94 M'],
    [2_500_000_000, '2.50 G'],
  ])('%d is %s', (count, text) => expect(plain(formatCount(count))).toBe(text))

  it('rates, round trips and cores', () => {
    expect(formatRate(18.64)).toBe('18.6')
    expect(formatRate(240.2)).toBe('240')
    expect(plain(formatMs(2.44))).toBe('2.4 ms')
    expect(plain(formatMs(18.4))).toBe('18 ms')
    expect(plain(formatCores(0.07))).toBe('7 % of one core')
    expect(formatCores(1.42)).toBe('1.4 cores')
  })
})

describe('times', () => {
  it.each([
    [-400, 'just now'],
    [1_900, 'just now'],
    [12_400, '12 s ago'],
    [59_900, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_000, '59 min ago'],
    [47 * 3_600_000, '47 h ago'],
    [72 * 3_600_000, '3 days ago'],
  ])('an age of %d ms is "%s"', (ms, text) => expect(plain(formatAge(ms))).toBe(text))

  it.each([
    [600, '0.6 s'],
    [9_400, '9 s'],
    [59_700, '1 min'],
    [220_000, '3 min 40 s'],
    [3_600_000, '1 h'],
    [3 * 86_400_000 + 4 * 3_600_000, '3 days, 4 h'],
    [86_400_000, '1 day'],
  ])('a span of %d ms is "%s"', (ms, text) => expect(plain(formatSpan(ms))).toBe(text))

  it('ahead', () => {
    expect(plain(formatIn(20_300))).toBe('in 21 s')
    expect(plain(formatIn(200))).toBe('in 1 s')
    expect(formatIn(-5)).toBe('any moment')
  })
})

it('a peer id keeps its two ends', () => {
  expect(shortenPeerId('12D3KooWGzBn2fSgRAxpTqWQg1xRkMzLXkCqZ5fYqVvJ9mYbf3aQ')).toBe('12D3…f3aQ')
  expect(shortenPeerId('short')).toBe('short')
})
