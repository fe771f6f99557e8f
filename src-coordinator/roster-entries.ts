import { EspalierError } from '../src-shared/errors'
import { valueList } from './database/json-rows'
import type { AssignmentRow, CoordinatorDatabase, CoordinatorQueries, DecisionRow, WorkerRow } from './database/tables'
import { decisionsById } from './decisions'

/** Everything known of one worker. `decision` is the host's last one about it. */
export interface RosterEntry {
  worker: WorkerRow
  assignment: AssignmentRow | null
  decision: DecisionRow | null
}

type Blocks = Pick<AssignmentRow, 'model_name' | 'start_block' | 'end_block' | 'reason'>

/** What an answer to a worker says of it: enough for a heartbeat, and a third of a row to read. */
export interface StandingEntry {
  worker: Pick<WorkerRow, 'worker_id' | 'standing' | 'is_live' | 'last_seq' | 'assignment_note'>
  assignment: Blocks | null
  decision: DecisionRow | null
}

/** A standing, and what its change needs. */
export interface HeldStanding extends StandingEntry {
  worker: StandingEntry['worker'] & Pick<WorkerRow, 'peer_id' | 'multiaddrs'>
}

export function findWorker(db: CoordinatorQueries, workerId: string): Promise<WorkerRow | undefined> {
  return db.selectFrom('workers').selectAll().where('worker_id', '=', workerId).executeTakeFirst()
}

/** Throws COORDINATOR_UNKNOWN_WORKER. */
export async function readEntry(db: CoordinatorQueries, workerId: string): Promise<RosterEntry> {
  const worker = await findWorker(db, workerId)
  if (!worker) throw new EspalierError('COORDINATOR_UNKNOWN_WORKER', workerId)
  const entries = await withTheirs(db, [worker])
  return entries[0] ?? { worker, assignment: null, decision: null }
}

/** All workers, the longest registered first. */
export async function listEntries(db: CoordinatorQueries): Promise<RosterEntry[]> {
  return withTheirs(
    db,
    await db.selectFrom('workers').selectAll().orderBy('registered_at').orderBy('worker_id').execute(),
  )
}

/**
 * Those of `workerIds` that are known. Inside a transaction their rows are ours until its end, so that counters
 * are read and written as one; in one order, so that two batches never wait for each other.
 */
export async function holdEntries(
  db: CoordinatorQueries,
  dialect: CoordinatorDatabase['dialect'],
  workerIds: readonly string[],
  keptDecisions?: Map<number, DecisionRow>,
): Promise<RosterEntry[]> {
  const workers = await db
    .selectFrom('workers')
    .selectAll()
    .where('worker_id', 'in', workerIds)
    .orderBy('worker_id')
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .execute()
  return withTheirs(db, workers, keptDecisions)
}

/** As `holdEntries`, with the fields that a heartbeat needs: reading a column costs as much as finding its row. */
export async function holdStandings(
  db: CoordinatorQueries,
  dialect: CoordinatorDatabase['dialect'],
  workerIds: readonly string[],
  keptDecisions: Map<number, DecisionRow>,
): Promise<HeldStanding[]> {
  const rows = await db
    .selectFrom('workers')
    .leftJoin('assignments', 'assignments.worker_id', 'workers.worker_id')
    .select(['workers.worker_id', 'standing', 'is_live', 'last_seq', 'assignment_note', 'last_decision_id'])
    .select(['peer_id', 'multiaddrs', 'model_name', 'start_block', 'end_block', 'assignments.reason'])
    .where('workers.worker_id', 'in', valueList(dialect, workerIds))
    .orderBy('workers.worker_id')
    .$if(dialect === 'postgres', (query) => query.forUpdate('workers'))
    .execute()
  const decisionOf = await decisionsById(
    db,
    rows.flatMap(({ last_decision_id }) => last_decision_id ?? []),
    keptDecisions,
  )
  return rows.map(({ model_name, start_block, end_block, reason, last_decision_id, ...worker }) => ({
    worker,
    assignment:
      model_name === null || start_block === null || end_block === null || reason === null
        ? null
        : { model_name, start_block, end_block, reason },
    decision: decisionOf.get(last_decision_id ?? -1) ?? null,
  }))
}

/** Beyond this many, whole tables are read: shorter than a list of ids. */
const MAX_LISTED = 200

async function withTheirs(
  db: CoordinatorQueries,
  workers: readonly WorkerRow[],
  keptDecisions?: Map<number, DecisionRow>,
): Promise<RosterEntry[]> {
  if (workers.length === 0) return []
  const ids = workers.map(({ worker_id }) => worker_id)
  const assignments = await db
    .selectFrom('assignments')
    .selectAll()
    .$if(ids.length <= MAX_LISTED, (query) => query.where('worker_id', 'in', ids))
    .execute()
  const decisionOf = await decisionsById(
    db,
    workers.flatMap(({ last_decision_id }) => last_decision_id ?? []),
    keptDecisions,
  )
  const assignmentOf = new Map(assignments.map((assignment) => [assignment.worker_id, assignment]))
  return workers.map((worker) => ({
    worker,
    assignment: assignmentOf.get(worker.worker_id) ?? null,
    decision: decisionOf.get(worker.last_decision_id ?? -1) ?? null,
  }))
}
