import type { Stream } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { type CallRates, createCallBudget, MAX_REMEMBERED_PEERS } from './call-budget'
import { countWaiting } from './count-waiting'

const RATES: CallRates = {
  peer: { perSecond: 10, burst: 50 },
  own: { perSecond: 1, burst: 5 },
  shared: { perSecond: 20, burst: 100 },
}

function flood(peers: number) {
  const clock = new FakeClock()
  const budget = createCallBudget(clock, RATES)
  const admitted = new Map<string, number>()
  /** Each peer calls `each` times at once, one after the other as a line of them would arrive. */
  const call = (each: number) => {
    for (let i = 0; i < each; i++) {
      for (let peer = 0; peer < peers; peer++) {
        if (budget.admit(`peer ${peer}`)) admitted.set(`peer ${peer}`, (admitted.get(`peer ${peer}`) ?? 0) + 1)
      }
    }
  }
  const total = () => [...admitted.values()].reduce((sum, count) => sum + count, 0)
  return { clock, budget, call, total }
}

describe('O-05: what a node answers', () => {
  it('O-05: one peer gets its burst, then its rate, however idle the node is', async () => {
    const { clock, call, total } = flood(1)
    call(1_000)
    expect(total()).toBe(50)
    await clock.advance(2_000)
    call(1_000)
    expect(total()).toBe(70)
    await clock.advance(3_600_000)
    call(1_000)
    expect(total()).toBe(120)
  })

  it('D-T15: fifty peers together get what is shared and their own parts, and not one call more', async () => {
    const { clock, call, total } = flood(50)
    call(20)
    expect(total()).toBe(100 + 50 * 5)
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000)
      call(20)
    }
    expect(total()).toBe(100 + 50 * 5 + 60 * (20 + 50 * 1))
  })

  it('D-T15: an honest peer is never refused for what others do', async () => {
    const { clock, budget, call } = flood(50)
    for (let second = 0; second < 60; second++) {
      call(20)
      expect(budget.admit('honest')).toBe(true)
      await clock.advance(1_000)
    }
    // Also the first call of one that nobody has seen before.
    call(20)
    expect(budget.admit('new here')).toBe(true)
  })

  it('O-05: a refused call costs the caller nothing: who slows down is answered again at once', async () => {
    const { clock, budget, call } = flood(1)
    call(10_000)
    await clock.advance(100)
    expect(budget.admit('peer 0')).toBe(true)
    expect(budget.admit('peer 0')).toBe(false)
  })

  it('O-05: a call that the others’ calls left no room for costs its peer nothing either', async () => {
    const clock = new FakeClock()
    const once = { perSecond: 1, burst: 1 }
    const shared = { perSecond: 0.001, burst: 1 }
    const budget = createCallBudget(clock, { peer: { perSecond: 0.001, burst: 5 }, own: once, shared })
    const calls = Array.from({ length: 20 }, () => budget.admit('peer'))
    expect(calls.filter(Boolean)).toHaveLength(2)
    await clock.advance(1_000)
    expect(budget.admit('peer')).toBe(true)
  })

  it('O-05: who called last is forgotten last, so that nobody gets a new share by waiting for strangers', () => {
    const once = { perSecond: 0.001, burst: 1 }
    const budget = createCallBudget(new FakeClock(), { peer: once, own: once, shared: once })
    expect(budget.admit('loud')).toBe(true)
    for (let i = 1; i < MAX_REMEMBERED_PEERS; i++) budget.admit(`stranger ${i}`)
    expect(budget.admit('loud')).toBe(false)
    budget.admit('one more')
    expect(budget.admit('loud')).toBe(false)
  })

  it('O-05: strangers without end are not remembered without end', () => {
    const budget = createCallBudget(new FakeClock(), RATES)
    for (let i = 0; i < 10 * MAX_REMEMBERED_PEERS; i++) budget.admit(`stranger ${i}`)
    expect(budget.peers).toBe(MAX_REMEMBERED_PEERS)
  })
})

it('D-T15: what waits to be understood is bounded, and others leave room for one who asks little', () => {
  const waiting = countWaiting({ peer: 8, own: 2, all: 20 })
  const open = (peer: string) => {
    if (!waiting.hasRoom(peer)) return null
    // Nothing but an event target is asked of it.
    const stream = new EventTarget() as Stream
    waiting.begin(peer, stream)
    return stream
  }
  const streams = Array.from({ length: 100 }, () => open('greedy')).filter((stream) => stream !== null)
  expect(streams).toHaveLength(8)
  for (let peer = 0; peer < 50; peer++) for (let i = 0; i < 10; i++) open(`peer ${peer}`)
  // The first two others filled what is shared; each of the rest got its own two.
  expect(waiting.all).toBe(8 + 8 + 4 + 48 * 2)
  expect(open('honest')).not.toBeNull()
  const [first, second] = streams
  waiting.end(first!)
  waiting.end(first!)
  second!.dispatchEvent(new Event('close'))
  expect(waiting.all).toBe(8 + 8 + 4 + 48 * 2 + 1 - 2)
})
