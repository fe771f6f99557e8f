import { SqliteDialect } from 'kysely'
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
  } catch (error) {
    connection.close()
    throw error
  }
  return new SqliteDialect({ database: connection })
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
