import { describe, expect, it, vi } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import type { LinkEvent } from '../coordinator/link-events'
import { createEventLog } from '../storage/event-log'
import { followCoordinator } from './follow-coordinator'
import { createBootstrapBook } from './join-network'
import { createSteps } from './steps'
import { summarize } from './words'

const said = (at: number): Evidence => ({ kind: 'coordinator', by: 'https://c.example', at, value: '' })
const words = { reason: 'room for you', by: 'Ada', at: 1 }
const blocks = { range: { start: 0, end: 3 }, model: 'M', manifestSha256: null }
const APPROVED: LinkEvent = { type: 'approved', evidence: said(1), ...words, ...blocks }
const PENDING: LinkEvent = { type: 'pending', evidence: said(1) }
const report = { code: 'COORDINATOR_UNREACHABLE', cause: 'no answer', action: 'wait' } as const
const SILENT: LinkEvent = { type: 'heartbeat-failed', report, deadlineAt: 60_000, retryAt: 5_000 }
const beat = (at: number): LinkEvent => ({ type: 'heartbeat-ok', at, status: 'x', nextAt: at + 1, evidence: said(at) })

function follow() {
  const clock = new FakeClock(0)
  const log = createEventLog(clock, null)
  const steps = createSteps(clock, () => undefined)
  const told: string[] = []
  const on = followCoordinator({
    ...{ steps, log, book: createBootstrapBook('me', log) },
    events: {
      onAssigned: ({ range }) => void told.push(`blocks ${range.start}–${range.end - 1}`),
      onUnassigned: (why) => void told.push(why),
    },
  })
  const hear = (...events: LinkEvent[]) => {
    for (const event of events) on(event)
    return steps.get('approve')
  }
  return { steps, told, hear }
}

describe('what the coordinator says, as steps', () => {
  it('a heartbeat is news of an approval only where there is one', () => {
    const { hear } = follow()
    expect(hear(beat(2))?.state).toBe('idle')
    expect(hear(PENDING, beat(3))).toMatchObject({ state: 'waiting', evidence: [said(3)] })
    expect(hear(APPROVED, beat(4))).toMatchObject({ state: 'done', evidence: [said(4)] })
  })

  it.each<[string, LinkEvent, string]>([
    ['rejected', { type: 'rejected', evidence: said(2), ...words }, 'failed'],
    ['standby', { type: 'standby', evidence: said(2), ...words }, 'waiting'],
    ['pending', PENDING, 'waiting'],
  ])('who was approved and is %s serves nothing, and no heartbeat makes it approved again', (why, event, state) => {
    const { hear, told } = follow()
    expect(hear(APPROVED, event)?.state).toBe(state)
    expect(told).toEqual(['blocks 0–2', why])
    expect(hear(beat(3))?.state).toBe(state)
    expect(hear(SILENT)?.state).toBe(state)
  })

  it('silence casts doubt on an approval, keeps its evidence, and says until when', () => {
    const { hear } = follow()
    hear(APPROVED)
    expect(hear(SILENT)).toMatchObject({
      ...{ state: 'degraded', evidence: [said(1)], blocker: report },
      next: { at: 60_000 },
    })
    expect(hear(beat(5))).toMatchObject({ state: 'done', evidence: [said(5)] })
  })

  it('who is forgotten registers again, and what does not help by itself promises no other try', () => {
    const { hear, steps } = follow()
    hear({ type: 'registered', status: 'pending', isDemo: null, evidence: said(1) }, { type: 'forgotten', report })
    expect(steps.get('register')).toMatchObject({ state: 'working', evidence: [] })
    hear({ type: 'register-failed', report, retryAt: 9 })
    expect(steps.get('register')).toMatchObject({ state: 'failed', next: { at: 9 } })
    hear({ type: 'register-failed', report, retryAt: null })
    expect(steps.get('register')).not.toHaveProperty('next')
  })
})

it('C-26: a node that waits says when the coordinator that it waits for is away, and when it is back', () => {
  const clock = new FakeClock()
  const steps = createSteps(clock, () => undefined)
  const said = (at: number): Evidence => ({ kind: 'coordinator', by: 'http://127.0.0.1:8000', at, value: 'pending' })
  const follow = followCoordinator({
    steps,
    book: { add: vi.fn(), hint: vi.fn(), peers: () => [], hints: () => [] },
    log: createEventLog(clock, null),
    events: { onAssigned: vi.fn(), onUnassigned: vi.fn() },
  })
  const headline = () => summarize('running', steps.all(), null, 0)
  steps.done('connect', [said(1)])
  follow({ type: 'registered', status: 'pending', isDemo: false, evidence: said(1) })
  follow({ type: 'pending', evidence: said(1) })
  const waiting = headline()
  expect(waiting).toMatchObject({ shape: 'waiting', headline: 'Waiting for approval' })

  const report = new EspalierError('COORDINATOR_UNREACHABLE', 'connect ECONNREFUSED').report()
  follow({ type: 'heartbeat-failed', report, deadlineAt: 60_000, retryAt: 5_000 })
  expect(headline()).toMatchObject({ shape: 'degraded', headline: 'Waiting for approval, with a problem' })
  expect(headline().sentence).toContain('ECONNREFUSED')
  expect(headline().sentence).not.toContain('has been told')
  expect(steps.get('approve')).toMatchObject({ state: 'waiting', evidence: [said(1)] })

  follow({ type: 'heartbeat-ok', at: 9, status: 'pending', nextAt: 30_000, evidence: said(9) })
  expect(headline()).toEqual(waiting)
  expect(steps.get('approve')?.evidence).toEqual([said(9)])
})
