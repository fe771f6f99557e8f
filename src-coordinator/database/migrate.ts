import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration } from './migration'
import { MIGRATIONS } from './migrations'
import type { DialectName } from './tables'

/**
 * Brings the schema to this program's version; several coordinators may do so at once (the migrator locks).
 * What `unknownStep` names is for the caller to refuse.
 */
export async function migrate<T>(
  db: Kysely<T>,
  dialect: DialectName,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(steps.map((step) => [step.name, { up: (queries) => step.up(queries, dialect) }])),
    },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

/** The first step in the database that this program does not know, so that a newer one has written it; or null. */
export async function unknownStep<T>(db: Kysely<T>, steps: readonly Migration[] = MIGRATIONS): Promise<string | null> {
  const isThere = (await db.introspection.getTables({ withInternalKyselyTables: true })).some(
    ({ name }) => name === 'kysely_migration',
  )
  if (!isThere) return null
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db)
  return rows.find(({ name }) => !steps.some((step) => step.name === name))?.name ?? null
}
