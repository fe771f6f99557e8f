import { EspalierError } from '../src-shared/errors'
import type { AssignmentRow, CoordinatorQueries, DecisionRow, WorkerRow } from './database/tables'

/** Everything known of one worker. `decision` is the last one about it. */
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
  const assignment = await db.selectFrom('assignments').selectAll().where('worker_id', '=', workerId).executeTakeFirst()
  const decision = await db
    .selectFrom('decisions')
    .selectAll()
    .where('worker_id', '=', workerId)
    .orderBy('decision_id', 'desc')
    .executeTakeFirst()
  return { worker, assignment: assignment ?? null, decision: decision ?? null }
}

/** All workers, the longest registered first. */
export async function listEntries(db: CoordinatorQueries): Promise<RosterEntry[]> {
  const workers = await db.selectFrom('workers').selectAll().orderBy('registered_at').orderBy('worker_id').execute()
  const assignments = await db.selectFrom('assignments').selectAll().execute()
  const lastDecisions = await db
    .selectFrom('decisions')
    .selectAll()
    .where('decision_id', 'in', (build) =>
      build
        .selectFrom('decisions')
        .select((inner) => inner.fn.max('decision_id').as('decision_id'))
        .groupBy('worker_id'),
    )
    .execute()
  const assignmentOf = new Map(assignments.map((assignment) => [assignment.worker_id, assignment]))
  const decisionOf = new Map(lastDecisions.map((decision) => [decision.worker_id, decision]))
  return workers.map((worker) => ({
    worker,
    assignment: assignmentOf.get(worker.worker_id) ?? null,
    decision: decisionOf.get(worker.worker_id) ?? null,
  }))
}

export type PeerRow = Pick<WorkerRow, 'worker_id' | 'peer_id' | 'multiaddrs'>

/** Approved, living workers that gave addresses, the lately seen first. */
export function listPeers(db: CoordinatorQueries, limit = 64): Promise<PeerRow[]> {
  return db
    .selectFrom('workers')
    .select(['worker_id', 'peer_id', 'multiaddrs'])
    .where('standing', '=', 'approved')
    .where('is_live', '=', 1)
    .where('multiaddrs', '!=', '[]')
    .orderBy('last_seen_at', 'desc')
    .limit(limit)
    .execute()
}

/** Every token that workers ever reported, those of workers that left included. */
export async function totalTokens(db: CoordinatorQueries): Promise<number> {
  const row = await db
    .selectFrom('usage')
    .select((build) => build.fn.sum<number | null>('tokens').as('tokens'))
    .executeTakeFirst()
  return row?.tokens ?? 0
}

/** Writes down who decided what about a worker, when and why. */
export async function noteDecision(db: CoordinatorQueries, note: Omit<DecisionRow, 'decision_id'>): Promise<void> {
  await db.insertInto('decisions').values(note).execute()
}
