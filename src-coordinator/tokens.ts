import { sql } from 'kysely'
import { jsonRows } from './database/json-rows'
import type { CoordinatorDatabase, CoordinatorQueries } from './database/tables'

// A heartbeat adds to its worker's own counter and to nothing else; from time to time, what has come together is
// booked to the hour (`usage`). `tokens_rolled` is how much of the counter has been booked.

const HOUR_MS = 3_600_000

/** Every token that workers ever reported, those of workers that left included. */
export async function totalTokens(db: CoordinatorQueries): Promise<number> {
  // In one statement, so that nothing is booked between its halves.
  const { rows } = await sql<{ tokens: number }>`SELECT
    (SELECT coalesce(sum(tokens), 0) FROM usage) +
    (SELECT coalesce(sum(tokens_served - tokens_rolled), 0) FROM workers) AS tokens`.execute(db)
  return rows[0]?.tokens ?? 0
}

/** Books what workers (one, or all) have reported since the last time. In the caller's transaction. */
export async function bookTokens(
  db: CoordinatorQueries,
  dialect: CoordinatorDatabase['dialect'],
  now: number,
  workerId?: string,
): Promise<void> {
  const open = await db
    .selectFrom('workers')
    .select(['worker_id', 'tokens_served', 'tokens_rolled'])
    .whereRef('tokens_served', '>', 'tokens_rolled')
    .$if(workerId !== undefined, (query) => query.where('worker_id', '=', workerId ?? ''))
    .orderBy('worker_id')
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .execute()
  if (open.length === 0) return
  const hour = Math.floor(now / HOUR_MS)
  const rows = jsonRows(
    dialect,
    'booked',
    { id: 'text', hour: 'bigint', tokens: 'bigint', upto: 'bigint' },
    open.map(({ worker_id, tokens_served, tokens_rolled }) => ({
      id: worker_id,
      hour,
      tokens: tokens_served - tokens_rolled,
      upto: tokens_served,
    })),
  )
  // "WHERE true": without it, SQLite reads ON as part of a join.
  await sql`INSERT INTO usage (worker_id, hour, tokens) SELECT id, hour, tokens FROM ${rows} WHERE true
    ON CONFLICT (worker_id, hour) DO UPDATE SET tokens = usage.tokens + excluded.tokens`.execute(db)
  await sql`UPDATE workers SET tokens_rolled = booked.upto FROM ${rows} WHERE workers.worker_id = booked.id`.execute(db)
}
