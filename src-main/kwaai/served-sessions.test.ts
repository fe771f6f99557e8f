import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { createPlaceLeases } from '../pipeline/place-leases'
import { morePatience, PATIENCE_MS, type PlaceHolder, RANK, type Rank } from '../pipeline/places'
import type { StageRunner } from '../pipeline/stage-runner'
import { createEventLog } from '../storage/event-log'
import { createServedSessions, type ServedSession } from './served-sessions'

interface How {
  isFirst?: boolean
  work?: (session: ServedSession) => Promise<void>
  by?: StageRunner
}

/** Places in the cache, for callers and for our own sessions; nothing is computed. */
function setUp(places: number) {
  const clock = new FakeClock()
  const leased = new Set<number>()
  const never = () => Promise.reject(new Error('nothing is computed here'))
  const runnerOf = (root: string): StageRunner => ({
    ...{ blocks: { start: 0, end: 1 }, blockCount: 1, embeddingLength: 1, root, maxBatchTokens: 1, contextTokens: 1 },
    openSequence() {
      for (let sequence = 0; sequence < places; sequence++) {
        if (leased.has(sequence)) continue
        leased.add(sequence)
        return sequence
      }
      throw new EspalierError('SESSION_LIMIT')
    },
    closeSequence: (sequence) => void leased.delete(sequence),
    run: never,
  })
  const runner = runnerOf('root')
  const leases = createPlaceLeases({ clock, log: createEventLog(clock, null) })
  const sessions = createServedSessions({ clock, leases, onCount: () => undefined })
  /** The code of what went wrong, or `ok`. */
  const call = async (peer: string, id: number, how: How = {}) => {
    const { isFirst = true, work = async () => undefined, by = runner } = how
    const who = { asker: peer, rank: RANK.guest }
    const running = sessions.run({ who, sessionId: BigInt(id), runner: by, isFirst }, work).then(
      () => 'ok',
      (error: unknown) => (error instanceof EspalierError ? error.code : String(error)),
    )
    await clock.advance(0)
    return running
  }
  const later = (peer: string, id: number) => {
    const gate = Promise.withResolvers<void>()
    return { done: call(peer, id, { work: () => gate.promise }), let: gate.resolve }
  }
  /** Whether a session of the pipeline gets a place, where it is at work. */
  const others: PlaceHolder[] = []
  leases.count(
    () => others,
    () => expect.unreachable(),
  )
  const lease = (asker: string, rank: Rank) => {
    try {
      const sequence = leases.lease(runner, { asker, rank })
      const nowMs = clock.monotonicMs()
      others.push({ asker, rank, openedAtMs: nowMs, usedAtMs: nowMs, idleSinceMs: null, patienceMs: PATIENCE_MS })
      return sequence
    } catch {
      return null
    }
  }
  return { clock, leased, leases, sessions, runner, runnerOf, call, later, lease }
}

describe('sessions that callers of KwaaiNet hold here', () => {
  it('16 of one peer, whatever the others have; 256 of all', async () => {
    const { call } = setUp(300)
    for (let id = 0; id < 16; id++) expect(await call('greedy', id)).toBe('ok')
    expect(await call('greedy', 16)).toBe('SESSION_LIMIT')
    for (let peer = 1; peer < 16; peer++)
      for (let id = 0; id < 16; id++) expect(await call(`peer ${peer}`, id)).toBe('ok')
    expect(await call('one more', 0)).toBe('SESSION_LIMIT')
    expect(await call('greedy', 0)).toBe('ok')
  })

  it('eight calls of one may wait, and no more', async () => {
    const { call, later } = setUp(2)
    const first = later('a', 1)
    const waiting = Array.from({ length: 7 }, () => call('a', 1))
    expect(await call('a', 1)).toBe('SESSION_LIMIT')
    expect(await call('b', 1)).toBe('ok')
    first.let()
    expect(await Promise.all([first.done, ...waiting])).toEqual(Array(8).fill('ok'))
    expect(await call('a', 1)).toBe('ok')
  })

  it('the one that has rested longest gives way', async () => {
    const { call, clock } = setUp(2)
    await call('a', 1)
    await clock.advance(1_000)
    await call('b', 1)
    await clock.advance(6_000)
    const third = call('c', 1)
    await clock.advance(100)
    expect(await third).toBe('ok')
    expect(await call('a', 1, { isFirst: false })).toBe('SESSION_UNKNOWN')
    expect(await call('b', 1, { isFirst: false })).toBe('ok')
  })

  it('none that is at work gives way or is swept, however long it takes', async () => {
    const { call, clock, later, sessions } = setUp(1)
    const slow = later('a', 1)
    await clock.advance(10_000)
    expect(await call('b', 1)).toBe('SESSION_LIMIT')
    await clock.advance(100_000)
    expect(sessions.count).toBe(1)
    slow.let()
    expect(await slow.done).toBe('ok')
    // Its rest begins now.
    await clock.advance(59_000)
    expect(await call('a', 1, { isFirst: false })).toBe('ok')
    await clock.advance(71_000)
    expect(sessions.count).toBe(0)
  })

  it('ends with the slice that it was computed by', async () => {
    const { call, runnerOf } = setUp(2)
    await call('a', 1)
    expect(await call('a', 1, { isFirst: false, by: runnerOf('another') })).toBe('SESSION_UNKNOWN')
  })

  it('ends with its caller, and no other does', async () => {
    const { call, sessions, clock, leased } = setUp(2)
    for (const peer of ['a', 'b']) await call(peer, 1)
    sessions.endOf('a')
    await clock.advance(100)
    expect(leased.size).toBe(1)
    expect(await call('a', 1, { isFirst: false })).toBe('SESSION_UNKNOWN')
    expect(await call('b', 1, { isFirst: false })).toBe('ok')
  })

  it('begins anew in the place that it has', async () => {
    const { call, leased, sessions } = setUp(1)
    await call('a', 1)
    const again = await call('a', 1, {
      async work(session) {
        session.position = 3
        sessions.restart(session)
        expect([session.sequence, session.position]).toEqual([0, 0])
      },
    })
    expect(again).toBe('ok')
    expect(leased.size).toBe(1)
  })
})

describe('callers of KwaaiNet and sessions of the pipeline get their places by one set of rules', () => {
  it('the own user comes before a caller, also before one at work, who is told', async () => {
    const { later, lease, sessions, call } = setUp(1)
    const slow = later('stranger', 1)
    expect(lease('me', RANK.own)).toBe(0)
    expect(await slow.done).toBe('SESSION_LIMIT')
    expect(sessions.count).toBe(0)
    expect(await call('stranger', 2)).toBe('SESSION_LIMIT')
  })

  it('a member comes before a caller, and a stranger with fewer places gets one of whoever has two more', async () => {
    const { call, lease, leases, runner } = setUp(3)
    for (let id = 0; id < 3; id++) await call('greedy', id)
    expect([leases.holders(runner), leases.holders({ ...runner })]).toEqual([3, 0])
    expect(lease('stranger', RANK.guest)).not.toBeNull()
    expect(lease('stranger', RANK.guest)).toBeNull()
    expect(lease('member', RANK.member)).not.toBeNull()
    expect(lease('another member', RANK.member)).not.toBeNull()
  })

  it('a caller gets the place of a session that rests there, and none of one that works', async () => {
    const { call, clock, leases, runner } = setUp(1)
    const who = { asker: 'member', rank: RANK.member }
    const held = {
      ...{ ...who, openedAtMs: clock.monotonicMs(), usedAtMs: clock.monotonicMs() },
      ...{ idleSinceMs: null as number | null, patienceMs: PATIENCE_MS },
    }
    const holders = [held]
    leases.count(
      () => holders,
      () => {
        holders.length = 0
        runner.closeSequence(0)
      },
    )
    leases.lease(runner, who)
    await clock.advance(16_000)
    expect(await call('caller', 1)).toBe('SESSION_LIMIT')
    held.idleSinceMs = held.usedAtMs
    expect(await call('caller', 1)).toBe('ok')
    expect(holders).toEqual([])
  })

  it('a caller that keeps its place for two minutes makes way for one that has none', async () => {
    const { call, clock, lease } = setUp(1)
    const work = async (session: ServedSession) => {
      session.patienceMs = morePatience(session.patienceMs, 2)
    }
    await call('caller', 1, { work })
    for (let at = 0; at < 40; at++) {
      expect(lease('another', RANK.guest)).toBeNull()
      await clock.advance(3_000)
      expect(await call('caller', 1, { work })).toBe('ok')
    }
    expect(lease('another', RANK.guest)).toBe(0)
  })
})
