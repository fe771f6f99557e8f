import type { Migration } from '../migration'

/** Keys, capability tokens, invites, and which workers sign. */
export const membership: Migration = {
  name: '0010-membership',
  async up(db) {
    await db.schema
      .createTable('issuer_keys')
      .addColumn('kid', 'text', (column) => column.primaryKey())
      .addColumn('private_jwk', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('capability_tokens')
      .addColumn('jti', 'text', (column) => column.primaryKey())
      .addColumn('worker_id', 'text', (column) => column.notNull())
      .addColumn('peer_id', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .addColumn('not_before', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('max_uses', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute()
    await db.schema
      .createIndex('capability_tokens_by_worker')
      .on('capability_tokens')
      .columns(['worker_id', 'expires_at'])
      .execute()
    await db.schema.createIndex('capability_tokens_by_expiry').on('capability_tokens').column('expires_at').execute()
    await db.schema
      .createTable('invites')
      .addColumn('invite_id', 'text', (column) => column.primaryKey())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('redeemed_by', 'text')
      .addColumn('redeemed_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute()
    await db.schema
      .createTable('signed_workers')
      .addColumn('worker_id', 'text', (column) => column.primaryKey())
      .addColumn('peer_id', 'text', (column) => column.notNull())
      .addColumn('since', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('used_nonces')
      .addColumn('nonce', 'text', (column) => column.primaryKey())
      .addColumn('forget_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('used_nonces_by_time').on('used_nonces').column('forget_at').execute()
  },
}
