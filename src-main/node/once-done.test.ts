import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { onceDone } from './once-done'

it('is waited for until it is done, and not at all afterwards', async () => {
  const clock = new FakeClock()
  const look = onceDone(clock)
  const early = look.within(3_000).then(() => clock.monotonicMs())
  const startMs = clock.monotonicMs()
  await clock.advance(1_000)
  look.done()
  expect((await early) - startMs).toBe(1_000)
  await look.within(3_000)
  expect(clock.pending).toBe(0)
})

it('is not waited for beyond the limit', async () => {
  const clock = new FakeClock()
  const waited = onceDone(clock).within(3_000)
  await clock.advance(3_000)
  await waited
  expect(clock.pending).toBe(0)
})
