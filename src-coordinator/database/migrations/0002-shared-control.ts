import { sql } from 'kysely'
import { countingKey, type Migration } from '../migration'

/** What several coordinators on one database need, measured capacity, the peer list, and what clients report. */
export const sharedControl: Migration = {
  name: '0002-shared-control',
  async up(db, dialect) {
    await db.schema.alterTable('workers').addColumn('memory_bytes', 'bigint').execute()
    await db.schema.alterTable('workers').addColumn('block_steps_per_s', 'double precision').execute()
    await db.schema.alterTable('workers').addColumn('last_decision_id', 'bigint').execute()
    await db.schema
      .alterTable('workers')
      .addColumn('assignment_note', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    await db.schema
      .alterTable('workers')
      .addColumn('tokens_rolled', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    // Earlier releases booked with every heartbeat.
    await sql`UPDATE workers SET tokens_rolled = tokens_served, last_decision_id =
      (SELECT max(decision_id) FROM decisions WHERE decisions.worker_id = workers.worker_id)`.execute(db)
    await db.schema
      .createTable('members')
      .addColumn('node_id', 'text', (column) => column.primaryKey())
      .addColumn('worker_id', 'text', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('last_seen', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('members_by_worker').on('members').column('worker_id').execute()
    await db.schema
      .createTable('departed_workers')
      .addColumn('worker_id', 'text', (column) => column.primaryKey())
      .addColumn('last_seq', 'bigint', (column) => column.notNull())
      .addColumn('left_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('users')
      .addColumn('user_id', 'text', (column) => column.primaryKey())
      .addColumn('nickname', 'text', (column) => column.notNull())
      .addColumn('registered_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('usage_log')
      .addColumn('usage_id', countingKey(dialect), (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('prompt_tokens', 'bigint', (column) => column.notNull())
      .addColumn('completion_tokens', 'bigint', (column) => column.notNull())
      .addColumn('worker_ids', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.unique())
      .addColumn('logged_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('usage_log_by_user').on('usage_log').column('user_id').execute()
  },
}
