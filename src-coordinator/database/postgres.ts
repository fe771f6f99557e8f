import { PostgresDialect } from 'kysely'
import { Pool, types } from 'pg'

// Counters and times are 64-bit in the schema and far below 2^53; pg gives them as text by default.
const NUMERIC_TYPES: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC])

/** Nothing is opened yet: connections are made when they are needed. */
export function openPostgres(url: string, maxConnections = 10): PostgresDialect {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: (oid, format) =>
        NUMERIC_TYPES.has(oid) && format !== 'binary' ? Number : types.getTypeParser(oid, format),
    },
  })
  // An idle connection that the server ends is replaced by the next query; unheard, the event would end the process.
  pool.on('error', () => undefined)
  return new PostgresDialect({ pool })
}
