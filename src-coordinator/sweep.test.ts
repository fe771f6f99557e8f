import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import type { Clock } from '../src-shared/clock'
import { FakeClock } from '../test/fake-clock'
import { createCoordinatorEvents } from './coordinator-events'
import { openCoordinatorDatabase } from './database/open-database'
import type { CoordinatorDatabase } from './database/tables'
import { createLiveness } from './liveness'
import { createNetworkSettings } from './network-settings'
import { createRegistration } from './registration'
import { createSweep } from './sweep'
import { DEFAULT_TIMINGS } from './timings'
import { logUsage } from './usage-log'
import { registerUser } from './users'

const LOOK_MS = 10 * 60_000
const HOUR_MS = 6 * LOOK_MS
const DAY_MS = 24 * HOUR_MS

let database: CoordinatorDatabase
let clock: FakeClock
beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
  clock = new FakeClock()
})
afterEach(() => database.close())

function setUp(at: Clock = clock) {
  const events = createCoordinatorEvents((error) => {
    throw error
  })
  const liveness = createLiveness(at)
  const common = { database, events, clock: at, liveness, models: [] }
  const settings = createNetworkSettings({ ...common, defaultTargetWorkers: 1 })
  const sweep = createSweep({ ...common, settings, timings: DEFAULT_TIMINGS, maxReplicas: 1 })
  const registration = createRegistration({ ...common, isDemo: false })
  const register = (id: string) =>
    registration.register(
      WorkerRegistrationSchema.parse({
        ...{ worker_id: id, nickname: id, hardware_type: 'cpu', device_name: 'd', vram_gb: 0 },
      }),
    )
  const set = (id: string, values: object) =>
    database.queries.updateTable('workers').set(values).where('worker_id', '=', id).execute()
  const listed = async () => {
    const rows = await database.queries.selectFrom('workers').select('worker_id').orderBy('worker_id').execute()
    return rows.map(({ worker_id }) => worker_id)
  }
  return { liveness, sweep, registration, register, set, listed }
}

describe('what the sweep forgets', () => {
  it('C-17: who was never approved and has been gone for a day, and nobody whom the host knows', async () => {
    const { liveness, sweep, register, set, listed } = setUp()
    for (const id of ['approved', 'gone-pending', 'live-pending', 'rejected']) await register(id)
    await set('approved', { standing: 'approved' })
    await set('rejected', { standing: 'rejected' })
    await clock.advance(DAY_MS)
    await sweep.run()
    expect(await listed()).toHaveLength(4)
    liveness.heard(['live-pending'])
    await set('live-pending', { is_live: 1, last_seen_at: clock.now() })
    await clock.advance(1)
    await sweep.run()
    expect(await listed()).toEqual(['approved', 'live-pending', 'rejected'])
    // After our own absence nobody is held for gone who could not report to us.
    await clock.advance(2 * DAY_MS)
    await setUp().sweep.run()
    expect(await listed()).toContain('live-pending')
  })

  it('C-17: who only asked after a day without a word, and not because the clock was ahead for a while', async () => {
    let aheadMs = 0
    const { sweep, register, listed } = setUp({ ...clock, now: () => clock.now() + aheadMs })
    await register('asks')
    /** As the server does, though less often. */
    const sweepFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += LOOK_MS) {
        await clock.advance(LOOK_MS)
        await sweep.run()
      }
    }
    await sweepFor(2 * HOUR_MS)
    for (const jumpMs of [30 * DAY_MS, 0]) {
      aheadMs = jumpMs
      await sweepFor(HOUR_MS - LOOK_MS)
      expect(await listed()).toEqual(['asks'])
    }
    await sweepFor(DAY_MS)
    expect(await listed()).toEqual([])
  })

  it('H-18: comings and goings after a month, and never what somebody decided', async () => {
    const { sweep } = setUp()
    for (const decision of ['registered', 'approved', 'rejected', 'offline', 'removed', 'revoked', 'left'] as const)
      await database.queries
        .insertInto('decisions')
        .values({ worker_id: 'a', decision, reason: '', decided_by: 'x', decided_at: clock.now() })
        .execute()
    const kept = async () => {
      const rows = await database.queries.selectFrom('decisions').select('decision').orderBy('decision_id').execute()
      return rows.map(({ decision }) => decision)
    }
    await clock.advance(30 * DAY_MS)
    await sweep.run()
    expect(await kept()).toHaveLength(7)
    await clock.advance(1)
    await sweep.run()
    expect(await kept()).toEqual(['approved', 'rejected', 'removed', 'revoked'])
  })

  it('C-22: reports of use after ninety days, and the numbers of deltas of those who left', async () => {
    const { sweep, registration, register, set } = setUp()
    await registerUser(database, { userId: 'reader-1', nickname: '', now: clock.now(), mayRename: false })
    const report = { userId: 'reader-1', promptTokens: 1, completionTokens: 1, workerIds: [], requestId: undefined }
    await logUsage(database, report, clock.now())
    await register('left-worker')
    await set('left-worker', { last_seq: 7 })
    await registration.remove('left-worker', { decision: 'left', by: 'worker', reason: '' })
    const kept = async () => [
      (await database.queries.selectFrom('usage_log').select('usage_id').execute()).length,
      (await database.queries.selectFrom('departed_workers').select('last_seq').execute()).length,
    ]
    await clock.advance(90 * DAY_MS)
    await sweep.run()
    expect(await kept()).toEqual([1, 1])
    await clock.advance(1)
    await sweep.run()
    expect(await kept()).toEqual([0, 0])
  })

  it('H-10: no peer is taken from the list before we have listened for as long as it may be silent', async () => {
    const before = setUp()
    await before.register('member-1')
    await database.queries
      .insertInto('members')
      .values({ node_id: 'peer', worker_id: 'member-1', data: '{}', last_seen: clock.now() })
      .execute()
    const listed = async () => (await database.queries.selectFrom('members').selectAll().execute()).length
    // Away for long: nobody could report.
    await clock.advance(DAY_MS)
    const { sweep } = setUp()
    await sweep.run()
    expect(await listed()).toBe(1)
    await clock.advance(DEFAULT_TIMINGS.stalePeerAfterMs)
    await sweep.run()
    expect(await listed()).toBe(0)
  })
})
