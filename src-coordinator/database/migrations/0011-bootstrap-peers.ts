import type { Migration } from '../migration'

/** The bootstrap peers of coordinators that share a database, so that each can name all of them. */
export const bootstrapPeers: Migration = {
  name: '0011-bootstrap-peers',
  async up(db) {
    await db.schema
      .createTable('bootstrap_peers')
      .addColumn('peer_id', 'text', (column) => column.primaryKey())
      .addColumn('addresses', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
