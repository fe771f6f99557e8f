import { statSync } from 'node:fs'
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import Database from 'libsql'
import { copyTime, keepAside, keepCopy } from './kept-copy'

export interface OpenSqlite {
  dialect: SqliteDialect
  /** Takes the copy that a damaged file is replaced by. */
  keepCopy(): void
  /** A copy of what a newer program has written; its path. */
  keepAside(label: string): string
}

/** The file is there and is not, or not wholly, a database. */
export class SqliteDamage extends Error {}

/**
 * Opens the file and checks it before anything writes. Throws SqliteDamage when the file is not whole, or empty where
 * there was something in it once.
 *
 * Durability: in WAL mode with `synchronous = NORMAL` a commit survives the end of the process at any moment;
 * a power cut may take the last commits, but never breaks the file. Decisions ask for more (`durable.ts`).
 */
export function openSqlite(path: string): OpenSqlite {
  const isFile = path !== ':memory:'
  if (isFile && isEmptied(path)) throw new SqliteDamage('the file is empty')
  const connection = new Database(path)
  try {
    const problems = rowsOf(connection.pragma('integrity_check')).map(({ integrity_check }) => integrity_check)
    if (problems.join() !== 'ok') throw new SqliteDamage(problems.slice(0, 3).join('; '))
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = NORMAL')
    connection.pragma('foreign_keys = ON')
    connection.pragma('busy_timeout = 5000')
    // The same few pages are written over and over: moving them into the file more rarely saves most of that.
    connection.pragma('wal_autocheckpoint = 8000')
  } catch (error) {
    connection.close()
    throw isDamage(error) ? new SqliteDamage(error.message, { cause: error }) : error
  }
  return {
    dialect: new SqliteDialect({ database: withKeptStatements(connection) }),
    keepCopy: () => isFile && keepCopy(connection, path),
    keepAside: (label) => keepAside(connection, path, label),
  }
}

/** SQLite takes an empty file for a new database. */
function isEmptied(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0 && copyTime(path) !== null
}

function isDamage(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code))
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
