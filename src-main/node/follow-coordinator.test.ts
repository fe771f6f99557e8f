import { expect, it, vi } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { followCoordinator } from './follow-coordinator'
import { createSteps } from './steps'
import { summarize } from './words'

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
