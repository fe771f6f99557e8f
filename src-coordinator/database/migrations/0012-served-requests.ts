import type { Migration } from '../migration'

/** Requests beside tokens: a counter of each worker, and by the hour. */
export const servedRequests: Migration = {
  name: '0012-served-requests',
  async up(db) {
    const counters = [
      ['workers', 'requests_served'],
      ['workers', 'requests_rolled'],
      ['usage', 'requests'],
    ] as const
    for (const [table, column] of counters) {
      await db.schema
        .alterTable(table)
        .addColumn(column, 'bigint', (added) => added.notNull().defaultTo(0))
        .execute()
    }
  },
}
