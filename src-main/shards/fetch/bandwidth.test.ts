import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { createBandwidth } from './bandwidth'

it('keeps to a cap that changes while it is in use', async () => {
  const clock = new FakeClock()
  let cap: number | null = null
  const { take } = createBandwidth(clock, () => cap)
  expect(take(1e12)).toBeUndefined()
  cap = 1_000
  expect(take(1_000)).toBeUndefined()
  let isOver = false
  void take(500)?.then(() => {
    isOver = true
  })
  await clock.advance(499)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(isOver).toBe(true)
  // What was overdrawn is not owed under another cap.
  void take(50_000)
  cap = 10_000
  expect(take(10_000)).toBeUndefined()
  cap = null
  expect(take(1e12)).toBeUndefined()
})

it('gives a second’s worth at once after any rest, and not what was left unused', async () => {
  const clock = new FakeClock()
  const { take } = createBandwidth(clock, 1_000)
  await clock.advance(3_600_000)
  expect(take(1_000)).toBeUndefined()
  expect(take(1)).toBeInstanceOf(Promise)
})
