import { describe, expect, it } from 'vitest'
import { blockAt, layoutStrip, type StripInput } from './strip-layout'

const input = (change: Partial<StripInput> = {}): StripInput => ({
  blockCount: 8,
  coverage: [2, 1, 1, 1, 2, 1, 0, 0],
  own: { start: 4, end: 6 },
  isOwnProved: true,
  width: 1_000,
  ...change,
})

describe.each([
  [1, 300],
  [8, 1_060],
  [8, 300],
  [32, 1_060],
  [80, 700],
  [128, 1_060],
  [128, 300],
])('%d blocks in %d pixels', (blockCount, width) => {
  const own = { start: Math.floor(blockCount / 3), end: Math.max(1, Math.floor((2 * blockCount) / 3)) }
  const layout = layoutStrip(input({ blockCount, width, own, coverage: Array(blockCount).fill(7) }))

  it('shows every block once, in order, inside the box', () => {
    expect(layout.stems.map(({ block }) => block)).toEqual(Array.from({ length: blockCount }, (_, block) => block))
    for (const { x, top, bottom } of layout.stems) {
      expect(x).toBeGreaterThan(0)
      expect(x).toBeLessThan(width)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(bottom).toBeLessThanOrEqual(layout.height)
    }
  })

  it('keeps stems apart and leaves from reaching the next stem', () => {
    expect(layout.pitch).toBeGreaterThanOrEqual(10)
    expect(layout.leafLength).toBeLessThan(layout.pitch / 2)
  })

  it('frames our blocks on the rows where they are', () => {
    const framed = layout.rows.flatMap((row) => (row.frame ? [row.frame.width / layout.pitch] : []))
    expect(Math.round(framed.reduce((sum, blocks) => sum + blocks, 0))).toBe(own.end - own.start)
  })

  it('finds each block under its own stem', () => {
    for (const { block, x, top } of layout.stems) expect(blockAt(layout, x, top + 5)).toBe(block)
    expect(blockAt(layout, -1, 5)).toBeNull()
    expect(blockAt(layout, 5, layout.height + 50)).toBeNull()
  })
})

describe('leaves', () => {
  const leavesOf = (layout: ReturnType<typeof layoutStrip>, block: number) => {
    const stem = layout.stems.find((candidate) => candidate.block === block)
    return layout.leaves.filter(({ x }) => x === stem?.x)
  }

  it('grow one per copy, ours the lowest', () => {
    const layout = layoutStrip(input())
    expect(leavesOf(layout, 0).map(({ kind }) => kind)).toEqual(['other', 'other'])
    expect(leavesOf(layout, 4).map(({ kind }) => kind)).toEqual(['own', 'other'])
    expect(leavesOf(layout, 5).map(({ kind }) => kind)).toEqual(['own'])
  })

  it('are never drawn twice in one place, and six at most', () => {
    const layout = layoutStrip(input({ coverage: Array(8).fill(40) }))
    const places = leavesOf(layout, 2).map(({ y, side }) => `${y}/${side}`)
    expect(new Set(places).size).toBe(6)
    expect(places).toHaveLength(6)
  })

  it('are hollow where nobody serves, and where ours is not proved yet', () => {
    const layout = layoutStrip(input({ own: { start: 4, end: 7 }, isOwnProved: false }))
    expect(leavesOf(layout, 4).map(({ kind }) => kind)).toEqual(['own-unproved', 'other', 'other'])
    expect(leavesOf(layout, 6).map(({ kind }) => kind)).toEqual(['own-unproved'])
    expect(leavesOf(layout, 7).map(({ kind }) => kind)).toEqual(['gap'])
    expect(layout.stems[7]?.kind).toBe('gap')
  })

  it('do not grow where nothing is known', () => {
    const layout = layoutStrip(input({ coverage: [], own: null }))
    expect(layout.leaves).toEqual([])
    expect(layout.stems.every(({ kind }) => kind === 'unknown')).toBe(true)
  })
})
