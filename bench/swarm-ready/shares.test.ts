import { expect, it } from 'vitest'
import { emptySteps, type NodeStatus } from '../../src-shared/status'
import { detailOf, medianShares } from './shares'

function statusWith(loadMs: number): Pick<NodeStatus, 'steps' | 'contribution'> {
  const steps = emptySteps().map((step) =>
    step.name === 'load' ? { ...step, state: 'done' as const, startedAt: 1_000, endedAt: 1_000 + loadMs } : step,
  )
  return { steps, contribution: { requests: 0, tokens: 0, upSince: null } }
}

it('S-30: what each step took, on the node in the middle; steps that nobody ended are left out', () => {
  const shares = medianShares([statusWith(100), statusWith(900), statusWith(300)])
  expect(shares).toEqual([{ what: 'load', seconds: 0.3 }])
  expect(detailOf(shares, 2)).toBe(
    'medians over the nodes: load 0.30 s, process start and being verified by the others 1.70 s',
  )
})
