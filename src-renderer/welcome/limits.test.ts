import { describe, expect, it } from 'vitest'
import { diskStops, mostToFetch, wholeGb } from './limits'

const GB = 1e9

describe('limits of the first run', () => {
  it('a slider never offers more than there is, and a small computer has one that stands still', () => {
    expect([0, 0.4 * GB, 1.9 * GB, 33.6 * GB].map(wholeGb)).toEqual([0, 1, 1, 33])
    expect(diskStops(0.9 * GB)).toEqual([])
    expect(diskStops(412 * GB).at(-1)).toBe(300)
    expect(diskStops(20 * GB)).toEqual([1, 2, 5, 10])
  })

  const model = { blockBytes: 142e6, blockCount: 32, budgetBytes: 2 * GB, requestedBlocks: null, roomBytes: 100 * GB }

  it('S-42: the most to fetch is what fits into the memory, at most all, at most what is asked for', () => {
    expect(mostToFetch(model)).toEqual({ blocks: 14, bytes: 14 * 142e6, isTooMuch: false })
    expect(mostToFetch({ ...model, budgetBytes: 100 * GB })?.blocks).toBe(32)
    expect(mostToFetch({ ...model, requestedBlocks: 4 })?.blocks).toBe(4)
    expect(mostToFetch({ ...model, roomBytes: 1 * GB })?.isTooMuch).toBe(true)
    expect(mostToFetch({ ...model, budgetBytes: 0.1 * GB })?.blocks).toBe(0)
  })

  it('is not guessed where the coordinator does not say what a block weighs', () => {
    expect(mostToFetch({ ...model, blockBytes: null })).toBeNull()
    expect(mostToFetch({ ...model, blockCount: 0 })).toBeNull()
  })
})
