import { expect, it } from 'vitest'
import type { Clock } from '../../src-shared/clock'
import { FakeClock } from '../../test/fake-clock'
import { signingWorker } from '../../test/membership/signing-worker'
import { startTestCoordinator } from '../test-coordinator'

it('H-19, D-T05: a token that a clock ahead has dated is made anew once the clock is right', async () => {
  const right = new FakeClock()
  let offMs = 3_600_000
  const clock: Clock = { ...right, now: () => right.now() + offMs }
  const coordinator = await startTestCoordinator({ clock, security: { rateLimits: null } })
  try {
    const worker = await signingWorker(() => coordinator.server.url, { clock })
    await worker.register()
    await coordinator.approve(worker.workerId)
    const early = (await worker.beat()).body.x_capability
    offMs = 0
    const renewed = (await worker.beat()).body.x_capability
    expect(early?.token).toMatch(/^hntoken:/)
    expect(renewed?.token).toMatch(/^hntoken:/)
    expect(renewed?.token).not.toBe(early?.token)
    // The good one stays.
    expect((await worker.beat()).body.x_capability?.token).toBe(renewed?.token)
  } finally {
    await coordinator.remove()
  }
})
