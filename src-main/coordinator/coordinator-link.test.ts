import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createCoordinatorLink } from './coordinator-link'
import type { LinkEvent } from './link-events'
import type { LinkMemory } from './link-memory'
import { createSimulatedCoordinator, type Fate } from './testing/simulated-coordinator'

// Hours of heartbeats on a clock of their own. What is asserted is what the coordinator saw.

const HOUR_MS = 3_600_000

/** A small generator with a seed, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

async function start(options: {
  knowsSeq?: boolean
  fate?: () => Fate
  seed?: number
  standing?: () => 'online' | 'rejected'
}) {
  const clock = new FakeClock()
  const coordinator = createSimulatedCoordinator({
    clock,
    knowsSeq: options.knowsSeq ?? true,
    fate: options.fate ?? (() => 'arrives'),
    ...(options.standing ? { standing: options.standing } : {}),
  })
  const events: LinkEvent[] = []
  let memory: LinkMemory | null = null
  const link = createCoordinatorLink({
    api: coordinator.api,
    clock,
    store: {
      load: async () => memory,
      save: async (next) => {
        memory = next
      },
    },
    registration: () => ({ worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }),
    heartbeatIntervalMs: 30_000,
    onEvent: (event) => events.push(event),
    random: seeded(options.seed ?? 1),
  })
  await link.start()
  /** In steps, with everything that is due settled in between. */
  const run = async (durationMs: number, everySecond: () => void = () => undefined) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 1_000) {
      everySecond()
      await clock.advance(1_000)
    }
  }
  await run(1_000)
  return { clock, coordinator, events, link, run, memory: () => memory }
}

const gapsOf = (times: readonly number[]) => times.slice(1).map((at, i) => at - (times[i] ?? 0))

describe('coordinator link over hours', () => {
  it('C-25: without loss no gap is longer than 30 s, and beats spread over the 3 s before', async () => {
    const { coordinator, run } = await start({})
    await run(4 * HOUR_MS)
    const gaps = gapsOf(coordinator.seen.arrivals)
    expect(gaps.length).toBeGreaterThan(470)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(27_000)
    const histogram = [27, 28, 29].map((s) => gaps.filter((gap) => gap >= s * 1_000 && gap < (s + 1) * 1_000).length)
    for (const inSlot of histogram) expect(inSlot).toBeGreaterThan(gaps.length / 5)
  })

  it('C-18: for 24 h with 1 % loss at most one gap is longer than 35 s', async () => {
    const random = seeded(18)
    const { coordinator, events, run } = await start({ fate: () => (random() < 0.01 ? 'request-lost' : 'arrives') })
    await run(24 * HOUR_MS)
    const gaps = gapsOf(coordinator.seen.arrivals)
    expect(gaps.filter((gap) => gap > 35_000).length).toBeLessThanOrEqual(1)
    expect(events.filter(({ type }) => type === 'heartbeat-failed').length).toBeGreaterThan(5)
    expect(coordinator.seen.offlineAt).toEqual([])
  })

  it.each([
    ['that counts sequence numbers', true],
    ['that knows only the documented fields', false],
  ])(
    'C-07: one reply in three lost for an hour, at a coordinator %s: within a beat of the truth',
    async (_name, knowsSeq) => {
      let calls = 0
      const random = seeded(7)
      let served = 0
      const { coordinator, link, run } = await start({
        knowsSeq,
        fate: () => (++calls % 3 === 0 ? 'reply-lost' : 'arrives'),
      })
      /** What was served up to each second; nothing older than one beat may be missing. */
      const servedBy: number[] = []
      await run(HOUR_MS, () => {
        const tokens = Math.floor(random() * 40)
        link.reportTokens(tokens)
        served += tokens
        servedBy.push(served)
        expect(coordinator.seen.tokens).toBeLessThanOrEqual(served)
        const aBeatAgo = servedBy.at(-31 - 5) ?? 0
        expect(coordinator.seen.tokens).toBeGreaterThanOrEqual(aBeatAgo)
      })
      expect(coordinator.seen.tokens).toBeGreaterThan(50_000)
    },
  )

  it('C-26: 45 s without an answer never make it offline where a beat can still come within the 60 s', async () => {
    for (let afterBeatMs = 0; afterBeatMs <= 10_000; afterBeatMs += 1_000) {
      let isAway = false
      const { clock, coordinator, run } = await start({
        fate: () => (isAway ? 'blackhole' : 'arrives'),
        seed: afterBeatMs + 1,
      })
      await run(300_000)
      const beats = coordinator.seen.arrivals.length
      while (coordinator.seen.arrivals.length === beats) await clock.advance(100)
      await clock.advance(afterBeatMs)
      isAway = true
      await run(45_000)
      isAway = false
      await run(120_000)
      expect(coordinator.seen.offlineAt, `blackhole ${afterBeatMs} ms after a beat`).toEqual([])
      expect(Math.max(...gapsOf(coordinator.seen.arrivals))).toBeLessThan(60_000)
    }
  })

  it('C-26: a longer silence at any moment of the beat ends within 10 s of the return', async () => {
    for (let afterBeatMs = 0; afterBeatMs < 30_000; afterBeatMs += 5_000) {
      let isAway = false
      const { clock, coordinator, run } = await start({ fate: () => (isAway ? 'blackhole' : 'arrives') })
      await run(300_000 + afterBeatMs)
      isAway = true
      await run(45_000)
      isAway = false
      const backAt = clock.now()
      await run(12_000)
      const firstAfter = coordinator.seen.arrivals.find((at) => at >= backAt) ?? Number.POSITIVE_INFINITY
      expect(firstAfter - backAt).toBeLessThanOrEqual(10_000)
      expect(coordinator.isOnline()).toBe(true)
    }
  })

  it('C-26: after 100 s it is offline, knows when that will be, and is back within 10 s of the return', async () => {
    let isAway = false
    const { clock, coordinator, events, link, run } = await start({ fate: () => (isAway ? 'blackhole' : 'arrives') })
    await run(300_000)
    const lastArrival = coordinator.seen.arrivals.at(-1) ?? 0
    isAway = true
    await run(100_000)
    expect(coordinator.seen.offlineAt.length).toBe(1)
    const failed = events.filter((event) => event.type === 'heartbeat-failed')
    expect(failed.every(({ deadlineAt }) => deadlineAt === lastArrival + 60_000)).toBe(true)
    expect(link.state().assignment).not.toBeNull()
    isAway = false
    const backAt = clock.now()
    await run(30_000)
    expect(coordinator.isOnline()).toBe(true)
    const firstAfter = coordinator.seen.arrivals.find((at) => at >= backAt) ?? Number.POSITIVE_INFINITY
    // The attempt that is under way when it comes back may take its time-out first.
    expect(firstAfter - backAt).toBeLessThanOrEqual(10_000)
    expect(coordinator.seen.registrations).toBe(1)
  })

  it('C-31: the count is on disk at every beat', async () => {
    const { link, memory, run } = await start({})
    for (let beat = 0; beat < 20; beat += 1) {
      const before = memory()?.ledger.total ?? 0
      link.reportTokens(10)
      await run(30_000)
      expect((memory()?.ledger.total ?? 0) - before).toBe(10)
    }
  })
})

it('D-T22: approved and rejected 50 times: each is told once, the last one holds within 15 s, and nothing piles up', async () => {
  let standing: 'online' | 'rejected' = 'online'
  const { clock, coordinator, events, link, run } = await start({ standing: () => standing })
  const waiting: number[] = []
  for (let i = 0; i < 50; i++) {
    standing = 'rejected'
    await run(31_000)
    expect(link.state().name).toBe('rejected')
    standing = 'online'
    link.reapply()
    await run(15_000)
    expect(link.state().name).toBe('approved_loading')
    waiting.push(clock.pending)
  }
  const told = (type: LinkEvent['type']) => events.filter((event) => event.type === type).length
  expect(told('rejected')).toBe(50)
  expect(coordinator.seen.registrations).toBe(1 + 50)
  // A beat each, and no more, however often the host changes its mind.
  expect(coordinator.seen.arrivals.length).toBeLessThanOrEqual(4 * 50)
  expect(new Set(waiting).size).toBe(1)
  await link.stop()
  coordinator.stop()
  expect(clock.pending).toBe(0)
})
