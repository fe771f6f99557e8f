import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { createPeerScores, type Standing } from './peer-scores'

const lost = (scores: ReturnType<typeof createPeerScores>, times: number) => {
  for (let i = 0; i < times; i++) scores.failed('p', 'STAGE_LOST', `went away, time ${i + 1}`)
}

describe('peer scores', () => {
  it('H-48: rise with answers, fall with failures, and forget with time', async () => {
    const clock = new FakeClock()
    const scores = createPeerScores(clock)
    const unknown = scores.standing('p').score
    expect(unknown).toBeCloseTo(0.9)
    scores.served('p', 5)
    const good = scores.standing('p').score
    expect(good).toBeGreaterThan(unknown)
    lost(scores, 4)
    const bad = scores.standing('p').score
    expect(bad).toBeLessThan(unknown)
    await clock.advance(3_600_000)
    expect(scores.standing('p').score).toBeGreaterThan(bad)
    expect(scores.standing('p').score).toBeCloseTo(unknown, 1)
  })

  it('H-48: 5 failures in a row mean quarantine for 30–60 s, then one probe at a time', async () => {
    const clock = new FakeClock()
    const scores = createPeerScores(clock)
    lost(scores, 4)
    expect(scores.mayAsk('p')).toBe(true)
    lost(scores, 1)
    expect(scores.mayAsk('p')).toBe(false)
    expect(scores.standing('p').quarantinedUntil).toBe(clock.now() + 30_000)
    await clock.advance(29_999)
    expect(scores.mayAsk('p')).toBe(false)
    await clock.advance(1)
    expect(scores.mayAsk('p')).toBe(true)
    scores.asked('p')
    expect(scores.mayAsk('p')).toBe(false)
    lost(scores, 1)
    await clock.advance(59_999)
    expect(scores.mayAsk('p')).toBe(false)
    await clock.advance(1)
    expect(scores.mayAsk('p')).toBe(true)
    scores.asked('p')
    scores.served('p', 1)
    expect(scores.mayAsk('p')).toBe(true)
    lost(scores, 4)
    expect(scores.mayAsk('p')).toBe(true)
  })

  it('H-48: a probe that never ended does not lock a peer out', async () => {
    const clock = new FakeClock()
    const scores = createPeerScores(clock)
    lost(scores, 5)
    await clock.advance(30_000)
    scores.asked('p')
    expect(scores.mayAsk('p')).toBe(false)
    await clock.advance(30_000)
    expect(scores.mayAsk('p')).toBe(true)
  })

  it('H-48: an answer between failures starts the count again', () => {
    const scores = createPeerScores(new FakeClock())
    lost(scores, 4)
    scores.served('p', 1)
    lost(scores, 4)
    expect(scores.mayAsk('p')).toBe(true)
  })

  it('D-T44: no silent penalties: each is told with its cause, and the newest are kept', () => {
    const told: Standing[] = []
    const scores = createPeerScores(new FakeClock(), (standing) => void told.push(standing))
    lost(scores, 12)
    expect(told).toHaveLength(12)
    expect(told.at(-1)?.incidents.map(({ cause }) => cause)).toEqual(
      [5, 6, 7, 8, 9, 10, 11, 12].map((time) => `went away, time ${time}`),
    )
    expect(scores.notable().map(({ peer }) => peer)).toEqual(['p'])
  })

  it('H-08: remembers at most 10,000 peers', () => {
    const scores = createPeerScores(new FakeClock())
    for (let i = 0; i < 10_050; i++) scores.served(`p${i}`, 1)
    expect(scores.size).toBe(10_000)
  })

  it('H-48: a probe that fails is a longer quarantine at once, however well it went in between', async () => {
    const clock = new FakeClock()
    const scores = createPeerScores(clock)
    lost(scores, 5)
    await clock.advance(30_000)
    scores.asked('p')
    // Half a failure: two shared a doubt about it.
    scores.failed('p', 'STAGE_LOST', 'a probe', 0.5)
    expect(scores.standing('p').quarantinedUntil).toBe(clock.now() + 60_000)
  })

  it('H-48: halves count as halves: ten of them make a quarantine, and nine do not', () => {
    const scores = createPeerScores(new FakeClock())
    for (let half = 0; half < 9; half++) scores.failed('p', 'STAGE_LOST', 'a doubt', 0.5)
    expect(scores.mayAsk('p')).toBe(true)
    scores.failed('p', 'STAGE_LOST', 'a doubt', 0.5)
    expect(scores.mayAsk('p')).toBe(false)
  })
})
