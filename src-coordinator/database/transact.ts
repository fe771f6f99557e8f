import { sql } from 'kysely'
import type { CoordinatorDatabase, CoordinatorQueries } from './tables'

export interface TransactOptions {
  /** Outlives a power cut too, at the price of a flush to the disk. Without: outlives the end of the process. */
  durable?: boolean
  /** One holder at a time among all coordinators of this database, until the transaction ends. */
  lock?: 'planning'
}

/** Any number that no other program on this database uses. */
const PLANNING_LOCK = 0x45_73_70_61

/** Deadlock, serialization failure, and two transactions that insert the same key: nothing was kept, so again. */
const RETRIED: ReadonlySet<string> = new Set(['40P01', '40001', '23505'])
const MAX_ATTEMPTS = 5

/** Runs `work` (again, where PostgreSQL asks for it) in one transaction: all of it is kept, or nothing. In SQLite, transactions run one after the other. */
export async function transact<T>(
  database: CoordinatorDatabase,
  work: (db: CoordinatorQueries) => Promise<T>,
  options: TransactOptions = {},
): Promise<T> {
  if (database.dialect === 'postgres') {
    for (let attempt = 1; ; attempt++) {
      try {
        return await database.queries.transaction().execute(async (db) => {
          if (options.lock) await sql`SELECT pg_advisory_xact_lock(${PLANNING_LOCK})`.execute(db)
          return work(db)
        })
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !RETRIED.has((error as { code?: string }).code ?? '')) throw error
      }
    }
  }
  if (!options.durable) return database.queries.transaction().execute(work)
  return database.queries.connection().execute(async (connection) => {
    await sql`PRAGMA synchronous = FULL`.execute(connection)
    try {
      return await connection.transaction().execute(work)
    } finally {
      await sql`PRAGMA synchronous = NORMAL`.execute(connection)
    }
  })
}
