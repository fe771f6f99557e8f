import type { Kysely } from 'kysely'
import type { DialectName } from './tables'

/**
 * One step of the schema. `up` runs once in its own place of the order, inside a transaction, and must work in
 * both dialects; `name` is `NNNN-what-it-adds` and never changes once released. Schemas only go forward.
 */
export interface Migration {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema of its time, not today's types (Kysely's own advice).
  up(db: Kysely<any>, dialect: DialectName): Promise<void>
}

/** The column type of a key that the database counts up. */
export function countingKey(dialect: DialectName): 'integer' | 'bigserial' {
  return dialect === 'sqlite' ? 'integer' : 'bigserial'
}
