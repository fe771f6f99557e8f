import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration } from './migration'
import { MIGRATIONS } from './migrations'
import type { DialectName } from './tables'

/**
 * Brings the schema to this program's version; several coordinators may do so at once (the migrator locks).
 * Rejects when the database holds a step that this program does not know: it is newer.
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
