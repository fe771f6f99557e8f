import { afterEach, expect, it } from 'vitest'
import { WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import { FakeClock } from '../test/fake-clock'
import { createCoordinatorEvents } from './coordinator-events'
import { openCoordinatorDatabase } from './database/open-database'
import type { CoordinatorDatabase } from './database/tables'
import { listDecisions } from './decisions'
import { createLiveness } from './liveness'
import { createRegistration } from './registration'
import { findWorker } from './roster-entries'

let database: CoordinatorDatabase
afterEach(() => database.close())

it('C-17: a full list keeps no newcomer out while somebody on it only ever asked', async () => {
  database = await openCoordinatorDatabase(':memory:')
  const clock = new FakeClock()
  const events = createCoordinatorEvents((error) => {
    throw error
  })
  const liveness = createLiveness(clock)
  const registration = createRegistration({ database, events, clock, liveness, isDemo: false, maxWorkers: 4 })
  const register = async (id: string) => {
    const details = { nickname: id, hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
    await registration.register(WorkerRegistrationSchema.parse({ worker_id: id, ...details }))
    await clock.advance(1_000)
  }
  const set = (id: string, values: object) =>
    database.queries.updateTable('workers').set(values).where('worker_id', '=', id).execute()
  for (const id of ['approved', 'waits', 'flood-1', 'flood-2']) await register(id)
  await set('approved', { standing: 'approved', is_live: 0 })
  // It reports, as our nodes do while they wait.
  await set('waits', { last_seen_at: clock.now() })

  await register('newcomer-1')
  expect(await findWorker(database.queries, 'flood-1')).toBeUndefined()
  const [, forgotten] = await listDecisions(database.queries, { limit: 2 })
  expect(forgotten).toMatchObject({ worker_id: 'flood-1', decision: 'forgotten' })
  await register('newcomer-2')
  expect(await findWorker(database.queries, 'flood-2')).toBeUndefined()
  for (const id of ['newcomer-1', 'newcomer-2']) await set(id, { last_seen_at: clock.now() })
  // Everybody left was approved or reports.
  await expect(register('newcomer-3')).rejects.toMatchObject({ code: 'COORDINATOR_BUSY' })
  for (const id of ['approved', 'waits', 'newcomer-1', 'newcomer-2'])
    expect(await findWorker(database.queries, id), id).toBeDefined()
})
