import { describe, expect, it } from 'vitest'
import type { BlockRange } from '../../src-shared/blocks'
import { chooseBlocks, coverageOf } from './assign-blocks'

const tiny = { blockCount: 8, period: 1, targetWorkers: 3, maxBlocks: null }

function deal(workers: number, question: Omit<Parameters<typeof chooseBlocks>[0], 'live'>): BlockRange[] {
  const live: BlockRange[] = []
  for (let worker = 0; worker < workers; worker += 1) {
    const { range } = chooseBlocks({ ...question, live })
    if (range) live.push(range)
  }
  return live
}

describe('assigning blocks', () => {
  it('C-15: 8 blocks for 3 workers are dealt as a near-equal split, leftmost first', () => {
    expect(deal(3, tiny)).toEqual([
      { start: 0, end: 3 },
      { start: 3, end: 6 },
      { start: 6, end: 8 },
    ])
  })

  it('a fourth worker doubles the leftmost of the equally weak parts, and says so', () => {
    const fourth = chooseBlocks({ ...tiny, live: deal(3, tiny) })
    expect(fourth.range).toEqual({ start: 0, end: 3 })
    expect(fourth.reason).toContain('by the fewest (1)')
  })

  it('the part of a worker that left comes before any replica', () => {
    const choice = chooseBlocks({
      ...tiny,
      live: [
        { start: 0, end: 3 },
        { start: 6, end: 8 },
        { start: 0, end: 3 },
      ],
    })
    expect(choice.range).toEqual({ start: 3, end: 6 })
    expect(choice.reason).toContain('nobody')
  })

  it('of equally weak parts the one with most such blocks goes first, then the longest that fits', () => {
    const halves = { blockCount: 8, period: 1, targetWorkers: 2, maxBlocks: null }
    const oneAndTwo = [
      { start: 0, end: 3 },
      { start: 4, end: 6 },
    ]
    expect(chooseBlocks({ ...halves, live: oneAndTwo }).range).toEqual({ start: 4, end: 8 })
    // One block is missing in each half. Eight blocks fit: of the first half one period of six, the second half whole.
    const gemma = { blockCount: 26, period: 6, targetWorkers: 2, maxBlocks: 8 }
    const oneEach = [
      { start: 1, end: 18 },
      { start: 18, end: 25 },
    ]
    expect(chooseBlocks({ ...gemma, live: oneEach }).range).toEqual({ start: 18, end: 26 })
  })

  it('C-47: requested_layers caps the length', () => {
    expect(chooseBlocks({ ...tiny, maxBlocks: 2, live: [] }).range).toEqual({ start: 0, end: 2 })
  })

  it('a worker too small for one period stands by, with the reason', () => {
    const choice = chooseBlocks({ blockCount: 26, period: 6, targetWorkers: 2, maxBlocks: 1, live: [] })
    expect(choice.range).toBeNull()
    expect(choice.reason).toContain('every 6 blocks')
  })

  it('C-30, C-47: for 4,000 random networks the range is legal, weakest-first, and everything gets covered', () => {
    const random = seeded(47)
    const below = (limit: number) => Math.floor(random() * limit)
    for (let round = 0; round < 4_000; round += 1) {
      const blockCount = 1 + below(90)
      const period = 1 + below(Math.min(6, blockCount))
      const targetWorkers = 1 + below(12)
      const live = Array.from({ length: below(6) }, () => {
        const start = below(blockCount)
        return { start, end: start + 1 + below(blockCount - start) }
      })
      const maxBlocks = random() < 0.5 ? null : 1 + below(blockCount)
      const question = { blockCount, period, targetWorkers, maxBlocks }
      const context = JSON.stringify({ round, ...question, live })

      const { range, reason } = chooseBlocks({ ...question, live })
      expect(reason, context).not.toBe('')
      expect(chooseBlocks({ ...question, live }).range, `${context} is deterministic`).toEqual(range)
      const smallestUnit = blockCount % period || period
      if (maxBlocks !== null && maxBlocks < smallestUnit) {
        expect(range, context).toBeNull()
        continue
      }
      if (maxBlocks !== null && maxBlocks < period) continue
      expect(range, context).not.toBeNull()
      const { start, end } = range!
      expect(start >= 0 && start < end && end <= blockCount, context).toBe(true)
      expect(start % period === 0 && (end % period === 0 || end === blockCount), context).toBe(true)
      expect(end - start <= (maxBlocks ?? blockCount), context).toBe(true)
      // One unit more than the even share at most.
      const units = Math.ceil(blockCount / period)
      const share = Math.ceil(units / Math.min(targetWorkers, units)) * period
      expect(end - start <= share, context).toBe(true)
      const coverage = coverageOf(blockCount, live)
      expect(coverage.slice(start, end), context).toContain(Math.min(...coverage))

      // Every further worker removes a weakest block, so as many workers as units cover everything.
      const network = [...live]
      for (let worker = 0; worker < units; worker += 1) {
        network.push(chooseBlocks({ ...question, live: network }).range!)
      }
      expect(Math.min(...coverageOf(blockCount, network)), context).toBeGreaterThan(0)
    }
  })
})

/** A small generator with a seed, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
