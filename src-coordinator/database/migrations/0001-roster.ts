import { sql } from 'kysely'
import { countingKey, type Migration } from '../migration'

/** Workers, their blocks, decisions and tokens. `ifNotExists`: files of the first release already have these. */
export const roster: Migration = {
  name: '0001-roster',
  async up(db, dialect) {
    await db.schema
      .createTable('workers')
      .ifNotExists()
      .addColumn('worker_id', 'text', (column) => column.primaryKey())
      .addColumn('nickname', 'text', (column) => column.notNull())
      .addColumn('hardware_type', 'text', (column) => column.notNull())
      .addColumn('device_name', 'text', (column) => column.notNull())
      .addColumn('vram_gb', 'double precision', (column) => column.notNull())
      .addColumn('requested_layers', 'integer')
      .addColumn('peer_id', 'text')
      .addColumn('multiaddrs', 'text', (column) => column.notNull())
      .addColumn('standing', 'text', (column) =>
        column.notNull().check(sql`standing IN ('pending', 'approved', 'rejected')`),
      )
      .addColumn('is_live', 'integer', (column) => column.notNull())
      .addColumn('reported_status', 'text', (column) => column.notNull())
      .addColumn('last_seq', 'bigint')
      .addColumn('tokens_served', 'bigint', (column) => column.notNull())
      .addColumn('registered_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('assignments')
      .ifNotExists()
      .addColumn('worker_id', 'text', (column) =>
        column.primaryKey().references('workers.worker_id').onDelete('cascade'),
      )
      .addColumn('model_name', 'text', (column) => column.notNull())
      .addColumn('start_block', 'integer', (column) => column.notNull())
      .addColumn('end_block', 'integer', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('assigned_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('assignments_range', sql`start_block >= 0 AND end_block > start_block`)
      .execute()
    await db.schema
      .createTable('decisions')
      .ifNotExists()
      .addColumn('decision_id', countingKey(dialect), (column) => column.primaryKey())
      .addColumn('worker_id', 'text', (column) => column.notNull())
      .addColumn('decision', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('decided_by', 'text', (column) => column.notNull())
      .addColumn('decided_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('decisions_by_worker')
      .ifNotExists()
      .on('decisions')
      .columns(['worker_id', 'decision_id'])
      .execute()
    await db.schema
      .createTable('usage')
      .ifNotExists()
      .addColumn('worker_id', 'text', (column) => column.notNull())
      .addColumn('hour', 'integer', (column) => column.notNull())
      .addColumn('tokens', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('usage_pk', ['worker_id', 'hour'])
      .execute()
    await db.schema
      .createTable('settings')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute()
  },
}
