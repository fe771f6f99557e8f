import { expect, it } from 'vitest'
import type { Clock } from '../src-shared/clock'
import { FakeClock } from '../test/fake-clock'
import { createLiveness } from './liveness'

const OFFLINE_MS = 60_000
const SWEEP_MS = 30_000

function start() {
  let nowMs = 1_000
  const clock: Clock = Object.assign(new FakeClock(), { monotonicMs: () => nowMs })
  const liveness = createLiveness(clock)
  const after = (ms: number) => {
    nowMs += ms
  }
  const sweep = () => {
    liveness.pulse(SWEEP_MS, OFFLINE_MS / 4)
    return liveness.isSilent('w1', OFFLINE_MS)
  }
  liveness.heard(['w1'])
  return { after, liveness, sweep }
}

it('C-26: who is silent for longer than the offline time is silent, and not before', () => {
  const { after, sweep } = start()
  for (const expected of [false, false, true]) {
    after(SWEEP_MS)
    expect(sweep()).toBe(expected)
  }
})

it('who has left is not remembered', () => {
  const { after, liveness } = start()
  after(10 * OFFLINE_MS)
  liveness.heard(['w1'])
  expect(liveness.isSilent('w1', OFFLINE_MS)).toBe(false)
  liveness.forget('w1')
  expect(liveness.isSilent('w1', OFFLINE_MS)).toBe(true)
})

it('C-26: after we ourselves stood still nobody is silent until we have listened for the offline time', () => {
  const { after, liveness, sweep } = start()
  after(SWEEP_MS)
  sweep()
  after(12 * OFFLINE_MS)
  expect(sweep()).toBe(false)
  expect(liveness.upMs()).toBe(0)
  after(SWEEP_MS)
  expect(sweep()).toBe(false)
  after(SWEEP_MS + 1)
  expect(sweep()).toBe(true)
})

it('C-26: a sweep that is a little late excuses nobody', () => {
  const { after, sweep } = start()
  for (const expected of [false, true]) {
    after(SWEEP_MS + 10_000)
    expect(sweep()).toBe(expected)
  }
})
