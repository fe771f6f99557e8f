import { expect, it, onTestFinished } from 'vitest'
import { WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import { FakeClock } from '../test/fake-clock'
import { createCoordinatorEvents } from './coordinator-events'
import { openCoordinatorDatabase } from './database/open-database'
import { createLiveness } from './liveness'
import { createNetworkSettings } from './network-settings'
import { createRegistration } from './registration'
import { findWorker } from './roster-entries'
import { createSweep } from './sweep'
import { checkedTimings } from './timings'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

it('C-17: who only asked is forgotten after a day without a word, and not because the clock was ahead for a while', async () => {
  const database = await openCoordinatorDatabase(':memory:')
  onTestFinished(() => database.close())
  let aheadMs = 0
  const fake = new FakeClock()
  const clock = { ...fake, now: () => fake.now() + aheadMs }
  const events = createCoordinatorEvents((error) => {
    throw error
  })
  const liveness = createLiveness(clock)
  const common = { database, events, clock, liveness, models: [] }
  const settings = createNetworkSettings({ ...common, defaultTargetWorkers: 3 })
  const sweep = createSweep({ ...common, settings, timings: checkedTimings(), maxReplicas: 2 })
  const registration = createRegistration({ ...common, isDemo: false, maxWorkers: 4 })
  const details = { nickname: 'asks', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
  await registration.register(WorkerRegistrationSchema.parse({ worker_id: 'asks', ...details }))
  const isThere = async () => (await findWorker(database.queries, 'asks')) !== undefined
  /** As the server does, though less often. */
  const sweepFor = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10 * MINUTE_MS) {
      await fake.advance(10 * MINUTE_MS)
      await sweep.run()
    }
  }
  await sweepFor(2 * 60 * MINUTE_MS)
  for (const jumpMs of [30 * DAY_MS, 0]) {
    aheadMs = jumpMs
    await sweepFor(50 * MINUTE_MS)
    expect(await isThere()).toBe(true)
  }
  await sweepFor(DAY_MS)
  expect(await isThere()).toBe(false)
})
