import { EspalierError } from '../src-shared/errors'
import type { AssignmentRow, CoordinatorDatabase, CoordinatorQueries, DecisionRow, WorkerRow } from './database/tables'
import { decisionsById } from './decisions'

/** Everything known of one worker. `decision` is the host's last one about it. */
export interface RosterEntry {
  worker: WorkerRow
  assignment: AssignmentRow | null
  decision: DecisionRow | null
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
