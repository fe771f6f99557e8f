import { describe, expect, it } from 'vitest'
import { fairShares } from './fair-shares'

const ROUTE = [
  { peer: 'a', start: 0, end: 2 },
  { peer: 'b', start: 2, end: 4 },
  { peer: 'c', start: 4, end: 8 },
]

describe('what stages claim of a token’s time', () => {
  it('is believed where it fits into the time that it took', () => {
    expect(fairShares(ROUTE, [10, 20, 30], 80, 10)).toEqual([10, 20, 30])
    expect(fairShares(ROUTE, [10, 20, 30], null, 0)).toEqual([10, 20, 30])
    // Between continents the ways take most of it.
    expect(fairShares(ROUTE, [8, 8, 8], 224, 200)).toEqual([8, 8, 8])
  })

  it('is believed of nobody where it can’t be: the time is everybody’s, by their blocks', () => {
    expect(fairShares(ROUTE, [60_000, 0.001, 0.001], 90, 10)).toEqual([20, 20, 40])
    expect(fairShares(ROUTE, [-1, 10, 10], 90, 10)).toEqual([20, 20, 40])
    expect(fairShares(ROUTE, [Number.POSITIVE_INFINITY, 10, 10], 90, 10)).toEqual([20, 20, 40])
    // All together as well, though each of them would be possible.
    expect(fairShares(ROUTE, [60, 60, 60], 90, 10)).toEqual([20, 20, 40])
  })

  it('is what is left, for those who claim nothing', () => {
    expect(fairShares(ROUTE, [20], 90, 10)).toEqual([20, 20, 40])
    expect(fairShares(ROUTE, [20, Number.NaN, 0], 90, 10)).toEqual([20, 20, 40])
    expect(fairShares(ROUTE, [90, Number.NaN, 0], 90, 10)).toEqual([90, Number.NaN, Number.NaN])
    expect(fairShares(ROUTE, [20], null, 0)).toEqual([20, Number.NaN, Number.NaN])
  })

  it('is not all, where most of the time is claimed by nobody: whoever understates pays with the others', () => {
    expect(fairShares(ROUTE, [10, 10, 0.5], 100, 20)).toEqual([10 + 59.5 / 4, 10 + 59.5 / 4, 0.5 + 59.5 / 2])
  })

  it('is never nothing for ways that are said to be longer than all of it', () => {
    expect(fairShares(ROUTE, [60_000, 1, 1], 80, 500)).toEqual([4, 4, 8])
  })
})
