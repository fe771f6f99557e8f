import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { createRateWindow } from './rate-window'

it('S-31: a rate is that of the last ten seconds, and there is none before five or after a silence', async () => {
  const clock = new FakeClock()
  const rate = createRateWindow(clock)
  const every = async (seconds: number, sizeBytes: number) => {
    for (let second = 0; second < seconds; second += 1) {
      rate.add(sizeBytes)
      await clock.advance(1_000)
    }
  }
  await every(4, 1_000)
  expect(rate.perSecond()).toBeNull()
  await every(6, 1_000)
  expect(rate.perSecond()).toBeCloseTo(1_000, -2)
  // What came quickly before is forgotten.
  await every(12, 100)
  expect(rate.perSecond()).toBeCloseTo(100, -1)
  await clock.advance(11_000)
  expect(rate.perSecond()).toBeNull()
})
