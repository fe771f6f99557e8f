import { sql } from 'kysely'
import { jsonRows } from './database/json-rows'
import type { CoordinatorDatabase, CoordinatorQueries } from './database/tables'

// A heartbeat adds to its worker's own counter and to nothing else; from time to time, what has come together is
// booked to the hour (`usage`). `tokens_rolled` and `requests_rolled` are how much of the counters has been booked.

const HOUR_MS = 3_600_000

/** What workers served, as they report it. */
export interface Served {
  tokens: number
  requests: number
}

/** All that workers ever reported, those that left included. */
export async function totalServed(db: CoordinatorQueries): Promise<Served> {
  // In one statement, so that nothing is booked between its parts.
  const { rows } = await sql<Served>`SELECT hours.tokens + unbooked.tokens AS tokens,
    hours.requests + unbooked.requests AS requests FROM
    (SELECT coalesce(sum(tokens), 0) AS tokens, coalesce(sum(requests), 0) AS requests FROM usage) AS hours,
    (SELECT coalesce(sum(tokens_served - tokens_rolled), 0) AS tokens,
      coalesce(sum(requests_served - requests_rolled), 0) AS requests FROM workers) AS unbooked`.execute(db)
  return rows[0] ?? { tokens: 0, requests: 0 }
}

/** Books what workers (one, or all) have reported since the last time. In the caller's transaction. */
export async function bookServed(
  db: CoordinatorQueries,
  dialect: CoordinatorDatabase['dialect'],
  now: number,
  workerId?: string,
): Promise<void> {
  const open = await db
    .selectFrom('workers')
    .select(['worker_id', 'tokens_served', 'tokens_rolled', 'requests_served', 'requests_rolled'])
    .where((where) =>
      where.or([
        where('tokens_served', '>', where.ref('tokens_rolled')),
        where('requests_served', '>', where.ref('requests_rolled')),
      ]),
    )
    .$if(workerId !== undefined, (query) => query.where('worker_id', '=', workerId ?? ''))
    .orderBy('worker_id')
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .execute()
  if (open.length === 0) return
  const hour = Math.floor(now / HOUR_MS)
  const rows = jsonRows(
    dialect,
    'booked',
    { id: 'text', hour: 'bigint', tokens: 'bigint', upto: 'bigint', requests: 'bigint', requests_upto: 'bigint' },
    open.map(({ worker_id, tokens_served, tokens_rolled, requests_served, requests_rolled }) => ({
      id: worker_id,
      hour,
      tokens: tokens_served - tokens_rolled,
      upto: tokens_served,
      requests: requests_served - requests_rolled,
      requests_upto: requests_served,
    })),
  )
  // "WHERE true": without it, SQLite reads ON as part of a join.
  await sql`INSERT INTO usage (worker_id, hour, tokens, requests) SELECT id, hour, tokens, requests FROM ${rows}
    WHERE true ON CONFLICT (worker_id, hour) DO UPDATE
    SET tokens = usage.tokens + excluded.tokens, requests = usage.requests + excluded.requests`.execute(db)
  await sql`UPDATE workers SET tokens_rolled = booked.upto, requests_rolled = booked.requests_upto
    FROM ${rows} WHERE workers.worker_id = booked.id`.execute(db)
}
