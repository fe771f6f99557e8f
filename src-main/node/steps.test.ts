import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { PROFILES } from '../network/profiles'
import { createSteps } from './steps'
import { watchEvidenceAge } from './watchdog'
import { summarize } from './words'

const evidence = (at: number): Evidence => ({ kind: 'peer', by: '12D3KooWabcdefgh', at, value: '' })
const trouble = new EspalierError('NOT_STORED').report()

describe('steps', () => {
  it('can’t be done without evidence', () => {
    const steps = createSteps(new FakeClock(), () => undefined)
    expect(() => steps.done('visible', [])).toThrow(/no evidence/)
    expect(steps.get('visible')?.state).toBe('idle')
  })

  it('forgets old evidence when a step begins again, and keeps it beside a doubt', () => {
    const steps = createSteps(new FakeClock(), () => undefined)
    steps.done('announce', [evidence(1)])
    steps.degraded('announce', trouble)
    expect(steps.get('announce')).toMatchObject({ state: 'degraded', evidence: [evidence(1)], blocker: trouble })
    steps.working('announce')
    expect(steps.get('announce')).toMatchObject({ state: 'working', evidence: [] })
    expect(steps.get('announce')).not.toHaveProperty('blocker')
  })

  it('a step that failed has no evidence, and one that is not begun has nothing at all', () => {
    const steps = createSteps(new FakeClock(), () => undefined)
    steps.done('announce', [evidence(1)])
    steps.failed('announce', trouble)
    expect(steps.get('announce')).toMatchObject({ state: 'failed', evidence: [], blocker: trouble })
    steps.idle('announce')
    expect(steps.get('announce')).toEqual({ name: 'announce', state: 'idle', startedAt: null, evidence: [] })
  })

  it('keeps the newest evidence, when it began, and when it was first done', async () => {
    const clock = new FakeClock(0)
    const steps = createSteps(clock, () => undefined)
    steps.working('visible')
    await clock.advance(10)
    steps.working('visible')
    await clock.advance(10)
    steps.done(
      'visible',
      Array.from({ length: 12 }, (_, at) => evidence(at)),
    )
    expect(steps.get('visible')).toMatchObject({ startedAt: 0, endedAt: 20 })
    expect(steps.get('visible')?.evidence.map(({ at }) => at)).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    await clock.advance(10)
    steps.done('visible', [evidence(30)])
    expect(steps.get('visible')).toMatchObject({ startedAt: 0, endedAt: 20, evidence: [evidence(30)] })
    steps.degraded('visible', trouble)
    await clock.advance(10)
    steps.done('visible', [evidence(40)])
    expect(steps.get('visible')).toMatchObject({ startedAt: 0, endedAt: 40 })
    steps.working('visible')
    expect(steps.get('visible')?.startedAt).toBe(40)
  })

  it('each change is told, and a reset forgets all of them', () => {
    let told = 0
    const steps = createSteps(new FakeClock(), () => void told++)
    steps.done('connect', [evidence(1)])
    steps.progress('fetch', { done: 1, total: 2, unit: 'bytes' })
    steps.idle('load', 'prove')
    expect(told).toBe(4)
    steps.reset()
    expect(told).toBe(5)
    expect(steps.all().every(({ state, evidence: all }) => state === 'idle' && all.length === 0)).toBe(true)
  })

  it('doubts what was true, and calls failed what never was', () => {
    const steps = createSteps(new FakeClock(), () => undefined)
    steps.working('announce')
    steps.doubted('announce', trouble)
    expect(steps.get('announce')).toMatchObject({ state: 'failed', evidence: [], blocker: trouble })
    steps.done('announce', [evidence(1)])
    for (let again = 0; again < 2; again++) {
      steps.doubted('announce', trouble)
      expect(steps.get('announce')).toMatchObject({ state: 'degraded', evidence: [evidence(1)], blocker: trouble })
    }
  })
})

describe('the watchdog', () => {
  it('doubts what nobody has confirmed for too long, and nothing before (D-T42)', async () => {
    const clock = new FakeClock()
    const steps = createSteps(clock, () => undefined)
    const doubted: string[] = []
    const { timings } = PROFILES.espalier
    const stop = watchEvidenceAge(steps, PROFILES.espalier, clock, (step) => void doubted.push(step))
    for (const step of ['approve', 'prove', 'announce', 'visible', 'connect', 'fetch'] as const)
      steps.done(step, [evidence(clock.now())])
    await clock.advance(60_000)
    expect(doubted).toEqual([])
    await clock.advance(3 * timings.announceIntervalMs)
    expect(doubted.toSorted()).toEqual(['announce', 'approve', 'prove', 'visible'])
    expect(steps.get('visible')).toMatchObject({ state: 'degraded', blocker: { code: 'NO_WITNESS' } })
    stop()
    expect(clock.pending).toBe(0)
  })

  it('the newest evidence counts, and an approval is doubted after two heartbeats and a bit', async () => {
    const clock = new FakeClock()
    const steps = createSteps(clock, () => undefined)
    const { timings } = PROFILES.espalier
    const stop = watchEvidenceAge(steps, PROFILES.espalier, clock, () => undefined)
    steps.done('serve', [evidence(clock.now() - 3 * timings.witnessIntervalMs), evidence(clock.now())])
    steps.done('approve', [evidence(clock.now())])
    await clock.advance(2 * timings.heartbeatIntervalMs)
    expect([steps.isDone('serve'), steps.isDone('approve')]).toEqual([true, true])
    await clock.advance(timings.heartbeatIntervalMs)
    expect(steps.get('approve')).toMatchObject({ state: 'degraded', blocker: { code: 'COORDINATOR_UNREACHABLE' } })
    stop()
  })

  it('X-02: a form of records that went silent does not hide behind the other', async () => {
    const clock = new FakeClock()
    const steps = createSteps(clock, () => undefined)
    const profile = { ...PROFILES.espalier, recordForms: ['hivemind', 'kademlia'] as const }
    const stop = watchEvidenceAge(steps, profile, clock, () => undefined)
    const startedAt = clock.now()
    const bring = clock.every(profile.timings.announceIntervalMs, () =>
      steps.done('announce', [evidence(startedAt), evidence(clock.now())]),
    )
    steps.done('announce', [evidence(startedAt), evidence(startedAt)])
    await clock.advance(3 * profile.timings.announceIntervalMs)
    expect(steps.get('announce')?.blocker?.cause).toContain('hivemind form')
    bring()
    stop()
  })

  it('D-T42: what takes its time on a busy computer is nothing that has not come', async () => {
    const clock = new FakeClock()
    const steps = createSteps(clock, () => undefined)
    const doubted: string[] = []
    const intervalMs = 1_000
    const timings = {
      ...PROFILES.local.timings,
      announceIntervalMs: intervalMs,
      heartbeatIntervalMs: intervalMs,
      witnessIntervalMs: intervalMs,
      reprobeIntervalMs: intervalMs,
    }
    const watched = ['announce', 'approve', 'prove', 'serve', 'visible'] as const
    const stop = watchEvidenceAge(
      steps,
      { timings, recordForms: ['hivemind'] },
      clock,
      (step) => void doubted.push(step),
    )
    for (let round = 0; round < 5; round++) {
      for (const step of watched) steps.done(step, [evidence(clock.now())])
      await clock.advance(intervalMs + 1_500)
    }
    expect(doubted).toEqual([])
    await clock.advance(3 * intervalMs)
    expect(doubted.toSorted()).toEqual(watched)
    stop()
  })

  it.each([60_000, 20 * 86_400_000])(
    'D-T42: evidence that lies ahead of a clock that was set back by %i ms is old at once, and what comes then counts',
    async (byMs) => {
      const clock = new FakeClock()
      const steps = createSteps(clock, () => undefined)
      const stop = watchEvidenceAge(steps, PROFILES.espalier, clock, () => undefined)
      const ahead = evidence(clock.now() + byMs)
      for (const step of ['approve', 'prove', 'announce', 'visible', 'serve'] as const) steps.done(step, [ahead])
      steps.done('serve', [ahead, evidence(clock.now())])
      await clock.advance(10_000)
      for (const step of ['approve', 'prove', 'announce', 'visible'] as const)
        expect(steps.get(step)).toMatchObject({ state: 'degraded', blocker: { code: 'STALE_AFTER_SLEEP' } })
      expect(steps.isDone('serve')).toBe(true)
      steps.done('approve', [evidence(clock.now() + 1_000)])
      await clock.advance(10_000)
      expect(steps.isDone('approve')).toBe(true)
      stop()
    },
  )

  it('D-T06: after a sleep it names the sleep, and a fault only when nothing comes while it is awake', async () => {
    const clock = new FakeClock()
    let asleepMs = 0
    const awake = { ...clock, now: () => clock.now() + asleepMs }
    const steps = createSteps(awake, () => undefined)
    const { timings } = PROFILES.espalier
    const stop = watchEvidenceAge(steps, PROFILES.espalier, awake, () => undefined)
    steps.done('prove', [evidence(awake.now())])
    await clock.advance(10_000)
    asleepMs += 3_600_000
    await clock.advance(10_000)
    expect(steps.get('prove')).toMatchObject({ state: 'degraded', blocker: { code: 'STALE_AFTER_SLEEP' } })
    steps.done('prove', [evidence(awake.now())])
    await clock.advance(3 * timings.reprobeIntervalMs)
    expect(steps.get('prove')).toMatchObject({ state: 'degraded', blocker: { code: 'PROBE_FAILED' } })
    stop()
  })

  it('is quiet for a fault-free hour', async () => {
    const clock = new FakeClock()
    const steps = createSteps(clock, () => undefined)
    const { timings } = PROFILES.espalier
    const stop = watchEvidenceAge(steps, PROFILES.espalier, clock, (step) => expect.unreachable(step))
    const bring = (step: 'approve' | 'prove' | 'announce' | 'visible', everyMs: number) => {
      steps.done(step, [evidence(clock.now())])
      return clock.every(everyMs, () => steps.done(step, [evidence(clock.now())]))
    }
    bring('approve', timings.heartbeatIntervalMs)
    bring('prove', timings.reprobeIntervalMs)
    bring('announce', timings.announceIntervalMs)
    bring('visible', timings.witnessIntervalMs)
    await clock.advance(3_600_000)
    stop()
  })
})

describe('the summary', () => {
  const all = (change: (steps: ReturnType<typeof createSteps>) => void) => {
    const steps = createSteps(new FakeClock(), () => undefined)
    for (const { name } of steps.all()) steps.done(name, [evidence(1)])
    change(steps)
    return summarize('running', steps.all(), { start: 3, end: 6 }, 0)
  }

  it('is visible only when every step is done', () => {
    expect(all(() => undefined)).toMatchObject({ shape: 'visible', headline: 'Serving blocks 3–5' })
    for (const step of ['connect', 'approve', 'prove', 'visible', 'serve'] as const) {
      expect(all((steps) => steps.working(step)).shape).toBe('working')
      expect(all((steps) => steps.degraded(step, trouble)).shape).toBe('degraded')
      expect(all((steps) => steps.failed(step, trouble)).shape).not.toBe('visible')
    }
  })

  it('seen, with nobody there to look at the way in, waits for work and has no trouble', () => {
    const waits = all((steps) => {
      steps.done('visible', [
        { ...evidence(1), by: 'came', value: 'dialled back on a new connection' },
        { ...evidence(1), by: 'read', value: '4 of 4 hivemind records' },
      ])
      steps.waiting('serve', { what: 'The next use will show it' })
    })
    expect(waits).toEqual({
      shape: 'waiting',
      headline: 'Visible, waiting for work',
      sentence: 'Seen by came, and dialled back. The next use will show it.',
    })
  })

  it('says of the only node of a network that it is, calmly and not green', () => {
    const alone = all((steps) => steps.held('visible', new EspalierError('ALONE').report()))
    expect(alone).toMatchObject({ shape: 'waiting', headline: 'The only node of this network' })
    expect(alone.sentence).toMatch(/nobody can confirm .*\. Start a second node or invite somebody/)
  })

  it('names the most upstream cause, in whole sentences', () => {
    const { sentence } = all((steps) => {
      steps.failed('announce', trouble, { what: 'Trying again' })
      steps.failed('connect', new EspalierError('BOOTSTRAP_UNREACHABLE').report())
    })
    expect(sentence).toMatch(/^No bootstrap peer answered\. .*\.$/)
    expect(sentence).not.toContain('..')
  })
})
