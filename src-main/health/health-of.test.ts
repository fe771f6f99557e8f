import { expect, it } from 'vitest'
import { emptySteps, type NodeStatus, type Step, type StepName } from '../../src-shared/status'
import { healthOf } from './health-of'

/** A running node of which everything before `open` is done. */
function statusAt(open: StepName | null, change: Partial<Step> = {}, phase: NodeStatus['phase'] = 'running') {
  let isOpen = false
  const steps = emptySteps().map((step): Step => {
    isOpen ||= step.name === open
    if (step.name === open) return { ...step, ...change }
    return isOpen ? step : { ...step, state: 'done' }
  })
  return { phase, shape: 'problem', headline: 'h', steps } as NodeStatus
}

it('M-02: connected, and not visible: 503 with the step and its cause', () => {
  const blocker = { code: 'NOT_STORED', cause: 'nobody kept them', action: 'a' } as const
  expect(healthOf(statusAt('announce', { state: 'failed', blocker }))).toEqual({
    status: 503,
    body: {
      visible: false,
      shape: 'problem',
      headline: 'h',
      reason: {
        name: 'connected_not_visible',
        step: 'announce',
        state: 'failed',
        code: 'NOT_STORED',
        cause: 'nobody kept them',
      },
    },
  })
})

it.each<[StepName, string]>([
  ['connect', 'not_connected'],
  ['register', 'not_approved'],
  ['approve', 'not_approved'],
  ['fetch', 'not_loaded'],
  ['load', 'not_loaded'],
  ['prove', 'not_loaded'],
  ['announce', 'connected_not_visible'],
  ['visible', 'connected_not_visible'],
  ['serve', 'not_serving'],
])('M-28: the first step that is not done, %s, is the reason %s', (step, name) => {
  const { status, body } = healthOf(statusAt(step, { state: 'degraded' }))
  expect(status).toBe(503)
  expect(body.reason).toMatchObject({ name, step, state: 'degraded' })
})

it('M-28: 200 only when every step is done and the node runs', () => {
  expect(healthOf(statusAt(null))).toMatchObject({ status: 200, body: { visible: true, reason: null } })
  for (const phase of ['stopped', 'starting', 'stopping'] as const) {
    expect(healthOf(statusAt(null, {}, phase))).toMatchObject({ status: 503, body: { reason: { name: phase } } })
  }
})
