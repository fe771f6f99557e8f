import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import type { StageRunner } from '../pipeline/stage-runner'
import { createServedSessions, type ServedSession } from './served-sessions'

const CLEARING_MS = 30

interface How {
  isFirst?: boolean
  work?: (session: ServedSession) => Promise<void>
  by?: StageRunner
}

/** Places in the cache, which are cleared a moment after they were given back; nothing is computed. */
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
    closeSequence: (sequence) => void clock.after(CLEARING_MS, () => leased.delete(sequence)),
    run: never,
  })
  const runner = runnerOf('root')
  const sessions = createServedSessions(clock, () => undefined)
  /** The code of what went wrong, or `ok`. */
  const call = async (peer: string, id: number, how: How = {}) => {
    const { isFirst = true, work = async () => undefined, by = runner } = how
    const running = sessions.run({ peer, sessionId: BigInt(id), runner: by, isFirst }, work).then(
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
  return { clock, leased, sessions, runnerOf, call, later }
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

  it('one that ends while it waits for its place takes none', async () => {
    const { call, sessions, clock, leased } = setUp(1)
    await call('a', 1)
    // What begins anew waits until the engine has cleared the old rows.
    const again = call('a', 1, { work: (session) => sessions.restart(session) })
    await clock.advance(5)
    sessions.endAll(new EspalierError('STAGE_LOST', 'the node stops'))
    await clock.advance(2_000)
    expect(await again).toBe('STAGE_LOST')
    expect(leased.size).toBe(0)
  })
})
