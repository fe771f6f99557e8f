import { describe, expect, it } from 'vitest'
import { likelyBlocks, type MeteredServer, speedOf, speedWith, verdictOf } from './forecast'

const server = (peer: string, start: number, end: number, change: Partial<MeteredServer> = {}): MeteredServer => {
  return { peer, start, end, blockMs: 2, roundTripMs: 20, pingsS: null, ...change }
}

describe('what a network does now', () => {
  it('is 1000 by the sum of compute and ways, result included, and never a part of it', () => {
    // 4 × 2 + 4 × 2 ms of computing; 10 in, 5 from a to b by their own ping, 10 back.
    const pings = new Map([['b', 0.01]])
    const { tokensPerSecond, route } = speedOf([server('a', 0, 4, { pingsS: pings }), server('b', 4, 8)], 8)
    expect(tokensPerSecond).toBeCloseTo(1000 / (16 + 10 + 5 + 10))
    expect(route.map(({ peer }) => peer)).toEqual(['a', 'b'])
  })

  it('takes the way by this computer where nobody has measured another', () => {
    const { tokensPerSecond } = speedOf([server('a', 0, 4), server('b', 4, 8, { roundTripMs: 60 })], 8)
    expect(tokensPerSecond).toBeCloseTo(1000 / (16 + 10 + (10 + 30) + 30))
  })

  it('is the quickest route of several', () => {
    const slow = server('slow', 0, 4, { blockMs: 50 })
    expect(speedOf([slow, server('a', 0, 4), server('b', 4, 8)], 8).route.map(({ peer }) => peer)).toEqual(['a', 'b'])
  })

  it('is not known where a part of it is not: gaps, nodes that are silent, nodes that do not say their speed', () => {
    expect(speedOf([server('a', 0, 4)], 8)).toMatchObject({
      tokensPerSecond: null,
      reason: expect.stringContaining('blocks 4, 5, 6, 7'),
    })
    const silent = server('b', 4, 8, { roundTripMs: null })
    expect(speedOf([server('a', 0, 4), silent], 8).reason).toContain('1 did not answer')
    const unasked = { ...silent, isUnasked: true }
    const reason = speedOf([server('a', 0, 4), silent, unasked, unasked], 8).reason
    expect(reason).toContain('1 did not answer this computer; 2 were not asked')
    expect(speedOf([server('a', 0, 4), unasked], 8).reason).not.toContain('did not answer')
    expect(speedOf([server('a', 0, 4, { blockMs: null }), server('b', 4, 8)], 8).reason).toContain('how fast')
  })
})

describe('what it would do with this computer', () => {
  const servers = [server('a', 0, 4), server('b', 4, 8), server('c', 4, 8)]

  it('closes a gap that it can hold, else doubles the weakest blocks that line up', () => {
    expect(likelyBlocks([server('a', 0, 3)], 8, 8)).toEqual({ start: 3, end: 8 })
    expect(likelyBlocks([server('a', 0, 3)], 8, 2)).toBeNull()
    // The first gap is too large, the second fits.
    expect(likelyBlocks([server('a', 4, 6)], 8, 2)).toEqual({ start: 6, end: 8 })
    expect(likelyBlocks([server('a', 1, 3), server('b', 6, 7)], 8, 3)).toEqual({ start: 0, end: 1 })
    expect(likelyBlocks(servers, 8, 4)).toEqual({ start: 0, end: 4 })
    expect(likelyBlocks(servers, 8, 3)).toBeNull()
  })

  it('says slower when it is: an answer waits for this computer too', () => {
    const now = speedOf(servers, 8)
    // No way in, 4 × 40 ms here, 10 ms to b, 8 ms there, 10 ms back.
    const slow = speedWith(servers, 8, { start: 0, end: 4, blockMs: 40 })
    expect(slow.tokensPerSecond).toBeCloseTo(1000 / (160 + 10 + 8 + 10))
    expect(verdictOf(now, slow)).toBe('slower')
  })

  it('says faster when it is, and the same when nobody would notice', () => {
    const now = speedOf(servers, 8)
    expect(verdictOf(now, speedWith(servers, 8, { start: 0, end: 4, blockMs: 0.1 }))).toBe('faster')
    expect(verdictOf(now, now)).toBe('same')
  })

  it('completes a network that no answer can pass now', () => {
    const now = speedOf([server('a', 0, 4)], 8)
    const together = speedWith([server('a', 0, 4)], 8, { start: 4, end: 8, blockMs: 1 })
    expect(together.tokensPerSecond).toBeCloseTo(1000 / (8 + 4 + 10 + 10))
    expect(verdictOf(now, together)).toBe('completes')
    expect(verdictOf(now, now)).toBe('unknown')
  })
})
