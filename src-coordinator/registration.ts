import type { z } from 'zod'
import type { WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, CoordinatorQueries, WorkerRow } from './database/tables'
import { decide } from './decisions'
import type { Liveness } from './liveness'
import { removeMember, writeMember } from './members'
import { holdEntries, type RosterEntry, readEntry } from './roster-entries'
import { bookServed } from './served'

export interface RegistrationOptions {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  liveness: Liveness
  isDemo: boolean
}

export interface Registration {
  /**
   * Adds a worker as pending, or refreshes the details of a known one, whose approval and blocks stay. Throws
   * DEMO_CONFINED, WORKER_ID_TAKEN (known under another peer id) or COORDINATOR_BUSY (too many workers).
   */
  register(body: z.output<typeof WorkerRegistrationSchema>): Promise<RosterEntry>
  /** Forgets a worker that leaves; its tokens and the decisions about it stay. Throws COORDINATOR_UNKNOWN_WORKER. */
  remove(workerId: string): Promise<void>
}

/** More rows than this are somebody's mistake or attack. */
const MAX_WORKERS = 5_000

/** Who comes and goes. */
export function createRegistration(options: RegistrationOptions): Registration {
  const { clock, database, isDemo, liveness } = options
  return {
    async register(body) {
      requireSameKind(body.x_demo === true, isDemo)
      const entry = await decide(options, async (db, note) => {
        const now = clock.now()
        const known = (await holdEntries(db, database.dialect, [body.worker_id]))[0]?.worker
        if (known) await refresh(db, known, body, now)
        else {
          await insert(db, body, now)
          await note({
            worker_id: body.worker_id,
            decision: 'registered',
            reason: '',
            decided_by: 'worker',
            decided_at: now,
          })
        }
        const written = await readEntry(db, body.worker_id)
        await writeMember(db, written.worker)
        return written
      })
      liveness.heard([body.worker_id])
      options.events.emit({ type: 'workers', workerIds: [body.worker_id] })
      return entry
    },
    async remove(workerId) {
      await decide(options, async (db, note) => {
        const worker = (await holdEntries(db, database.dialect, [workerId]))[0]?.worker
        if (!worker) throw new EspalierError('COORDINATOR_UNKNOWN_WORKER', workerId)
        const now = clock.now()
        await keepCounter(db, worker, now)
        await bookServed(db, database.dialect, now, workerId)
        await removeMember(db, workerId)
        await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
        await db.deleteFrom('workers').where('worker_id', '=', workerId).execute()
        await note({ worker_id: workerId, decision: 'left', reason: '', decided_by: 'worker', decided_at: now })
      })
      liveness.forget(workerId)
    },
  }
}

type Details = z.output<typeof WorkerRegistrationSchema>

function detailsOf(body: Details, now: number) {
  return {
    nickname: body.nickname,
    hardware_type: body.hardware_type,
    device_name: body.device_name,
    vram_gb: body.vram_gb,
    requested_layers: body.requested_layers ?? null,
    memory_bytes: body.x_memory_bytes ?? null,
    reported_status: 'registered',
    is_live: 1,
    last_seen_at: now,
    ...(body.x_multiaddrs ? { multiaddrs: JSON.stringify(body.x_multiaddrs) } : {}),
  }
}

async function insert(db: CoordinatorQueries, body: Details, now: number): Promise<void> {
  const { count } = await db
    .selectFrom('workers')
    .select((build) => build.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count >= MAX_WORKERS) throw new EspalierError('COORDINATOR_BUSY', `${MAX_WORKERS} nodes are registered`)
  // The number of a delta outlives its worker's row: whoever leaves and comes back may send its last one again.
  const departed = await db
    .deleteFrom('departed_workers')
    .where('worker_id', '=', body.worker_id)
    .returning('last_seq')
    .executeTakeFirst()
  await db
    .insertInto('workers')
    .values({
      worker_id: body.worker_id,
      multiaddrs: '[]',
      ...detailsOf(body, now),
      peer_id: body.x_peer_id ?? null,
      standing: 'pending',
      last_seq: departed?.last_seq ?? null,
      tokens_served: 0,
      registered_at: now,
      block_steps_per_s: null,
      last_decision_id: null,
    })
    .execute()
}

async function refresh(db: CoordinatorQueries, known: WorkerRow, body: Details, now: number): Promise<void> {
  if (known.peer_id && body.x_peer_id && known.peer_id !== body.x_peer_id) {
    throw new EspalierError('WORKER_ID_TAKEN', body.worker_id)
  }
  await db
    .updateTable('workers')
    .set({
      ...detailsOf(body, now),
      peer_id: body.x_peer_id ?? known.peer_id,
      standing: known.standing === 'rejected' && body.x_reapply ? 'pending' : known.standing,
    })
    .where('worker_id', '=', body.worker_id)
    .execute()
}

async function keepCounter(db: CoordinatorQueries, { worker_id, last_seq }: WorkerRow, now: number): Promise<void> {
  if (last_seq === null) return
  const entry = { last_seq, left_at: now }
  await db
    .insertInto('departed_workers')
    .values({ worker_id, ...entry })
    .onConflict((conflict) => conflict.column('worker_id').doUpdateSet(entry))
    .execute()
}

/** A demo never leaves its computer, and nothing simulated enters a real network. */
function requireSameKind(isDemoWorker: boolean, isDemo: boolean): void {
  if (isDemoWorker === isDemo) return
  throw new EspalierError(
    'DEMO_CONFINED',
    isDemoWorker ? 'this coordinator is a real one' : 'this coordinator takes demo nodes only',
  )
}
