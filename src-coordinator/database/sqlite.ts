import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import Database from 'libsql'

/**
 * Opens the file and checks it before anything writes. Throws what SQLite says when the file is not whole.
 *
 * Durability: in WAL mode with `synchronous = NORMAL` a commit survives the end of the process at any moment;
 * a power cut may take the last commits, but never breaks the file. Decisions ask for more (`durable.ts`).
 */
export function openSqlite(path: string): SqliteDialect {
  const connection = new Database(path)
  try {
    const problems = rowsOf(connection.pragma('integrity_check')).map(({ integrity_check }) => integrity_check)
    if (problems.join() !== 'ok') throw new Error(problems.slice(0, 3).join('; '))
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = NORMAL')
    connection.pragma('foreign_keys = ON')
    connection.pragma('busy_timeout = 5000')
    // The same few pages are written over and over: moving them into the file more rarely saves most of that.
    connection.pragma('wal_autocheckpoint = 8000')
  } catch (error) {
    connection.close()
    throw error
  }
  return new SqliteDialect({ database: withKeptStatements(connection) })
}

const MAX_STATEMENTS = 200

/** Kysely prepares a statement each time that it runs; most of ours are the same few. The longest unused ones go. */
function withKeptStatements(connection: InstanceType<typeof Database>): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => connection.close(),
    prepare(text) {
      const statement = kept.get(text) ?? connection.prepare(text)
      kept.delete(text)
      kept.set(text, statement)
      if (kept.size > MAX_STATEMENTS) for (const oldest of kept.keys()) if (kept.delete(oldest)) break
      return statement
    },
  }
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
