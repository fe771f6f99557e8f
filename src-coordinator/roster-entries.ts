import { EspalierError } from '../src-shared/errors'
import type { AssignmentRow, CoordinatorDatabase, CoordinatorQueries, DecisionRow, WorkerRow } from './database/tables'

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
): Promise<RosterEntry[]> {
  const workers = await db
    .selectFrom('workers')
    .selectAll()
    .where('worker_id', 'in', workerIds)
    .orderBy('worker_id')
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .execute()
  return withTheirs(db, workers)
}

/** Beyond this many, whole tables are read: shorter than a list of ids. */
const MAX_LISTED = 200

async function withTheirs(db: CoordinatorQueries, workers: readonly WorkerRow[]): Promise<RosterEntry[]> {
  if (workers.length === 0) return []
  const ids = workers.map(({ worker_id }) => worker_id)
  const decisionIds = workers.flatMap(({ last_decision_id }) => last_decision_id ?? [])
  const assignments = await db
    .selectFrom('assignments')
    .selectAll()
    .$if(ids.length <= MAX_LISTED, (query) => query.where('worker_id', 'in', ids))
    .execute()
  const decisions =
    decisionIds.length === 0
      ? []
      : await db
          .selectFrom('decisions')
          .selectAll()
          .$if(decisionIds.length <= MAX_LISTED, (query) => query.where('decision_id', 'in', decisionIds))
          .$if(decisionIds.length > MAX_LISTED, (query) =>
            query.where('decision_id', 'in', (build) => build.selectFrom('workers').select('last_decision_id')),
          )
          .execute()
  const assignmentOf = new Map(assignments.map((assignment) => [assignment.worker_id, assignment]))
  const decisionOf = new Map(decisions.map((decision) => [decision.decision_id, decision]))
  return workers.map((worker) => ({
    worker,
    assignment: assignmentOf.get(worker.worker_id) ?? null,
    decision: decisionOf.get(worker.last_decision_id ?? -1) ?? null,
  }))
}

/** Every token that workers ever reported, those of workers that left included. */
export async function totalTokens(db: CoordinatorQueries): Promise<number> {
  const row = await db
    .selectFrom('usage')
    .select((build) => build.fn.sum<number | null>('tokens').as('tokens'))
    .executeTakeFirst()
  return row?.tokens ?? 0
}
