import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { openCoordinatorDatabase } from '../database/open-database'
import type { CoordinatorDatabase } from '../database/tables'
import { createNonceMemory } from './nonce-memory'
import { createSignedWorkers } from './signed-workers'

const MONTH_MS = 30 * 24 * 3_600_000

let database: CoordinatorDatabase
let clock: FakeClock
beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
  clock = new FakeClock()
})
afterEach(() => database.close())

const replayed = { code: 'REQUEST_REPLAYED' }
const requestOf = (nonce: string, lifeMs = 120_000) => ({
  ...{ peerId: 'peer', audience: '', nonce, forgetNonceAt: clock.now() + lifeMs },
})

it('X-14: that another coordinator heard a worker sign is known here five seconds later', async () => {
  const here = createSignedWorkers(database.queries, clock)
  expect(await here.has('w1')).toBe(false)
  await createSignedWorkers(database.queries, clock).add('w1', 'peer')
  await clock.advance(5_000)
  expect(await here.has('w1')).toBe(true)
})

it('X-14: who has signed is forgotten a month later, and not while it is on the list', async () => {
  const signed = createSignedWorkers(database.queries, clock)
  for (const id of ['listed', 'gone']) await signed.add(id, `peer of ${id}`)
  await database.queries
    .insertInto('workers')
    .values({
      ...{ worker_id: 'listed', nickname: '', hardware_type: 'cpu', device_name: '', vram_gb: 0 },
      ...{ requested_layers: null, peer_id: null, multiaddrs: '[]', standing: 'pending', is_live: 1 },
      ...{ reported_status: '', last_seq: null, tokens_served: 0, registered_at: 0, last_seen_at: 0 },
      ...{ memory_bytes: null, block_steps_per_s: null, last_decision_id: null },
    })
    .execute()
  await clock.advance(MONTH_MS)
  await signed.sweep()
  expect(await signed.has('gone')).toBe(true)
  await clock.advance(1)
  await signed.sweep()
  expect([await signed.has('listed'), await signed.has('gone')]).toEqual([true, false])
})

it('X-14: a nonce is good once; a lasting one also for another coordinator and after a restart', async () => {
  const [here, there] = [createNonceMemory(database.queries, clock), createNonceMemory(database.queries, clock)]
  await here.use(requestOf('beat'), { lasting: false })
  await expect(here.use(requestOf('beat'), { lasting: false })).rejects.toMatchObject(replayed)
  await there.use(requestOf('beat'), { lasting: false })
  await here.use(requestOf('register'), { lasting: true })
  await expect(there.use(requestOf('register'), { lasting: true })).rejects.toMatchObject(replayed)
  // Another peer’s is another one.
  await there.use({ ...requestOf('register'), peerId: 'another' }, { lasting: true })
})

it('X-14: a full memory refuses rather than forgets what is still good', async () => {
  const memory = createNonceMemory(database.queries, clock, 2)
  await memory.use(requestOf('short', 1_000), { lasting: true })
  await memory.use(requestOf('long'), { lasting: true })
  await expect(memory.use(requestOf('new'), { lasting: false })).rejects.toMatchObject({ code: 'COORDINATOR_BUSY' })
  await clock.advance(1_001)
  await memory.use(requestOf('new'), { lasting: false })
  await expect(memory.use(requestOf('long'), { lasting: true })).rejects.toMatchObject(replayed)
  await memory.sweep()
  const kept = await database.queries.selectFrom('used_nonces').select('nonce').execute()
  expect(kept).toEqual([{ nonce: 'peer/long' }])
})
