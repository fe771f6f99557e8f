import { afterEach, beforeEach, expect, it } from 'vitest'
import { WorkerHeartbeatSchema } from '../src-main/coordinator/coordinator-wire'
import { openCoordinatorDatabase } from './database/open-database'
import type { CoordinatorDatabase, WorkerRow } from './database/tables'
import { listMembers, removeMember, writeMember } from './members'
import { findWorker } from './roster-entries'
import { writeBeats } from './write-beats'

let database: CoordinatorDatabase
beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
})
afterEach(() => database.close())

async function addWorker(id: string, more: Partial<WorkerRow> = {}): Promise<WorkerRow> {
  await database.queries
    .insertInto('workers')
    .values({
      ...{ worker_id: id, nickname: '', hardware_type: 'cpu', device_name: '', vram_gb: 0, requested_layers: null },
      ...{ peer_id: 'peer-1', multiaddrs: `["/${id}"]`, standing: 'approved', is_live: 1, reported_status: '' },
      ...{ last_seq: null, tokens_served: 0, registered_at: 0, last_seen_at: 1, memory_bytes: null },
      ...{ block_steps_per_s: null, last_decision_id: null },
      ...more,
    })
    .execute()
  const worker = await findWorker(database.queries, id)
  if (!worker) throw new Error('it was just written')
  return worker
}
const listed = async () =>
  (await listMembers(database.queries)).map(({ workerId, multiaddrs }) => `${workerId} ${multiaddrs}`)
const beat = (id: string, now: number) =>
  writeBeats({
    ...{ db: database.queries, dialect: 'sqlite', now, keptDecisions: new Map() },
    note: () => Promise.reject(new Error('nobody was away')),
    bodies: [WorkerHeartbeatSchema.parse({ worker_id: id, tokens_served_since_last: 0, status: 'online' })],
  })

it('C-49: a peer id that one worker holds is no other’s, neither by registering nor by reporting', async () => {
  const [owner, other] = [await addWorker('owner'), await addWorker('other')]
  await writeMember(database.queries, owner)
  await writeMember(database.queries, other)
  await beat('other', 5)
  expect(await listed()).toEqual(['owner /owner'])
  await removeMember(database.queries, 'other')
  expect(await listed()).toEqual(['owner /owner'])
  await beat('owner', 6)
  expect((await listMembers(database.queries))[0]?.lastSeenAt).toBe(6)
})

it('C-38: whoever is not approved, not there, or cannot be dialled is named to nobody', async () => {
  for (const [index, more] of [
    { standing: 'pending' as const },
    { standing: 'rejected' as const },
    { is_live: 0 },
    { peer_id: null },
    { multiaddrs: '[]' },
  ].entries()) {
    const worker = await addWorker(`worker ${index}`)
    await writeMember(database.queries, worker)
    expect(await listed()).toHaveLength(1)
    await writeMember(database.queries, { ...worker, ...more })
    expect(await listed(), JSON.stringify(more)).toEqual([])
  }
})
