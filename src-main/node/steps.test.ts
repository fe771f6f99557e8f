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
