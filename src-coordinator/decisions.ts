import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, CoordinatorQueries, DecisionKind, DecisionRow } from './database/tables'
import { type TransactOptions, transact } from './database/transact'

export type DecisionNote = Omit<DecisionRow, 'decision_id'>
export type NoteDecision = (note: DecisionNote) => Promise<DecisionRow>

/** Written by the coordinator's own rules, not by a person. */
export const BY_COORDINATOR = 'the coordinator'

/** What a worker is told as "the host's decision". */
const ABOUT_STANDING: ReadonlySet<DecisionKind> = new Set(['approved', 'rejected', 'revoked'])
/** Comings and goings are forgotten after a while; what somebody decided is kept. */
const COMINGS_AND_GOINGS: readonly DecisionKind[] = [
  'registered',
  'offline',
  'returned',
  'left',
  'forgotten',
  'load-acknowledged',
  'load-cancelled',
]
/** SQL takes so many values in one list without trouble. */
const MAX_LISTED = 500
const KEEP_COMINGS_MS = 30 * 24 * 3_600_000

/**
 * Changes state together with its entries in the event log (who, when, why), in one transaction, and tells
 * listeners after the commit. The only way in which decisions are written, so none can be made without its entry.
 */
export async function decide<T>(
  to: { database: CoordinatorDatabase; events: CoordinatorEvents },
  work: (db: CoordinatorQueries, note: NoteDecision) => Promise<T>,
  options: TransactOptions = {},
): Promise<T> {
  let written: DecisionRow[] = []
  const result = await transact(
    to.database,
    (db) => {
      written = []
      return work(db, async (note) => {
        const row = await insertDecision(db, note)
        written.push(row)
        return row
      })
    },
    options,
  )
  if (written.length > 0) {
    for (const decision of written) to.events.emit({ type: 'decision', decision })
    const workerIds = [...new Set(written.map(({ worker_id }) => worker_id))].filter((id) => id !== '')
    if (workerIds.length > 0) to.events.emit({ type: 'workers', workerIds })
    to.events.emit({ type: 'network' })
  }
  return result
}

async function insertDecision(db: CoordinatorQueries, note: DecisionNote): Promise<DecisionRow> {
  const row = await db.insertInto('decisions').values(note).returningAll().executeTakeFirstOrThrow()
  if (ABOUT_STANDING.has(note.decision)) {
    await db
      .updateTable('workers')
      .set({ last_decision_id: row.decision_id })
      .where('worker_id', '=', note.worker_id)
      .execute()
  }
  return row
}

const MAX_KEPT = 10_000

/**
 * The decisions with these ids. `kept` holds those read before: rows never change once they are committed, so a
 * caller that reads only committed ones need not read them twice.
 */
export async function decisionsById(
  db: CoordinatorQueries,
  ids: readonly number[],
  kept: Map<number, DecisionRow> = new Map(),
): Promise<ReadonlyMap<number, DecisionRow>> {
  const missing = ids.filter((id) => !kept.has(id))
  if (missing.length === 0) return kept
  if (kept.size > MAX_KEPT) kept.clear()
  for (let from = 0; from < missing.length; from += MAX_LISTED) {
    const rows = await db
      .selectFrom('decisions')
      .selectAll()
      .where('decision_id', 'in', missing.slice(from, from + MAX_LISTED))
      .execute()
    for (const row of rows) kept.set(row.decision_id, row)
  }
  return kept
}

/** The host's last word about an identity, also where its worker's row has gone meanwhile; undefined for none. */
export function lastJudgement(db: CoordinatorQueries, workerId: string): Promise<DecisionRow | undefined> {
  return db
    .selectFrom('decisions')
    .selectAll()
    .where('worker_id', '=', workerId)
    .where('decision', 'in', [...ABOUT_STANDING, 'removed'])
    .orderBy('decision_id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Whether that word was a no to this very worker, which only the host takes back. */
export function isTurnedAway(judgement: Pick<DecisionRow, 'decision'> | undefined): boolean {
  return judgement?.decision === 'rejected' || judgement?.decision === 'revoked'
}

/** The newest first; `before` is an id, for paging back. */
export function listDecisions(
  db: CoordinatorQueries,
  { limit, before, workerId }: { limit: number; before?: number | undefined; workerId?: string | undefined },
): Promise<DecisionRow[]> {
  return db
    .selectFrom('decisions')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('decision_id', '<', before ?? 0))
    .$if(workerId !== undefined, (query) => query.where('worker_id', '=', workerId ?? ''))
    .orderBy('decision_id', 'desc')
    .limit(limit)
    .execute()
}

export async function forgetOldComings(db: CoordinatorQueries, now: number): Promise<void> {
  await db
    .deleteFrom('decisions')
    .where('decision', 'in', COMINGS_AND_GOINGS)
    .where('decided_at', '<', now - KEEP_COMINGS_MS)
    .execute()
}
