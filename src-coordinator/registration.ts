import type { z } from 'zod'
import type { WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, CoordinatorQueries, DialectName, WorkerRow } from './database/tables'
import { BY_COORDINATOR, decide, isTurnedAway, lastJudgement, type NoteDecision } from './decisions'
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
  /** More rows than this are somebody's mistake or attack. */
  maxWorkers?: number
}

export interface Registration {
  /**
   * Adds a worker as pending, or refreshes the details of a known one, whose approval and blocks stay. One that the host
   * has rejected stays rejected, also when it left in between. Throws DEMO_CONFINED, WORKER_ID_TAKEN (known under
   * another peer id) or COORDINATOR_BUSY (too many workers).
   */
  register(body: z.output<typeof WorkerRegistrationSchema>): Promise<RosterEntry>
  /** Forgets a worker; its tokens and the decisions about it stay. Throws COORDINATOR_UNKNOWN_WORKER. */
  remove(workerId: string, removal: Removal): Promise<void>
}

/** `left`: it went by itself. `removed`: the host took it off the list. */
export interface Removal {
  decision: 'left' | 'removed'
  by: string
  reason: string
}

const MAX_WORKERS = 5_000

/** Who comes and goes. */
export function createRegistration(options: RegistrationOptions): Registration {
  const { clock, database, isDemo, liveness, maxWorkers = MAX_WORKERS } = options
  return {
    async register(body) {
      requireSameKind(body.x_demo === true, isDemo)
      const entry = await decide(options, async (db, note) => {
        const now = clock.now()
        const known = (await holdEntries(db, database.dialect, [body.worker_id]))[0]?.worker
        if (known) await refresh(db, known, body, now)
        else {
          await makeRoom(db, database.dialect, { maxWorkers, note, now })
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
    async remove(workerId, { decision, by, reason }) {
      await decide(options, async (db, note) => {
        const worker = (await holdEntries(db, database.dialect, [workerId]))[0]?.worker
        if (!worker) throw new EspalierError('COORDINATOR_UNKNOWN_WORKER', workerId)
        const now = clock.now()
        await drop(db, database.dialect, worker, now)
        await note({ worker_id: workerId, decision, reason, decided_by: by, decided_at: now })
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
  // Who was turned away cannot undo it by leaving.
  const judgement = await lastJudgement(db, body.worker_id)
  const wasRejected = judgement?.decision === 'rejected'
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
      standing: wasRejected && !body.x_reapply ? 'rejected' : 'pending',
      last_seq: departed?.last_seq ?? null,
      tokens_served: 0,
      registered_at: now,
      block_steps_per_s: null,
      last_decision_id: isTurnedAway(judgement) ? (judgement?.decision_id ?? null) : null,
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

/**
 * A full list is no reason to keep newcomers out as long as somebody is on it who only ever asked: of those who wait
 * and have gone, or have never reported, the longest unheard one gives way. Throws COORDINATOR_BUSY where there is none.
 */
async function makeRoom(
  db: CoordinatorQueries,
  dialect: DialectName,
  { maxWorkers, note, now }: { maxWorkers: number; note: NoteDecision; now: number },
): Promise<void> {
  const { count } = await db
    .selectFrom('workers')
    .select((build) => build.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count < maxWorkers) return
  const giving = await db
    .selectFrom('workers')
    .selectAll()
    .where('standing', '=', 'pending')
    .where((where) => where.or([where('is_live', '=', 0), where('last_seen_at', '=', where.ref('registered_at'))]))
    .orderBy('last_seen_at')
    .limit(1)
    .executeTakeFirst()
  if (!giving) throw new EspalierError('COORDINATOR_BUSY', `${maxWorkers} nodes are registered`)
  await drop(db, dialect, giving, now)
  await note({
    worker_id: giving.worker_id,
    decision: 'forgotten',
    reason: 'it was never approved, does not report, and the list was full',
    decided_by: BY_COORDINATOR,
    decided_at: now,
  })
}

/** Takes a worker off the list; what it served, and the number of its last delta, stay. */
async function drop(db: CoordinatorQueries, dialect: DialectName, worker: WorkerRow, now: number): Promise<void> {
  const { worker_id } = worker
  await keepCounter(db, worker, now)
  await bookServed(db, dialect, now, worker_id)
  await removeMember(db, worker_id)
  await db.deleteFrom('assignments').where('worker_id', '=', worker_id).execute()
  await db.deleteFrom('workers').where('worker_id', '=', worker_id).execute()
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
