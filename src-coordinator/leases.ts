import { randomUUID } from 'node:crypto'
import type { Clock } from '../src-shared/clock'
import type { CoordinatorDatabase } from './database/tables'

export interface Lease {
  /** True when the job is ours until `durationMs` from now: it was free, expired, or ours already. */
  take(durationMs: number): Promise<boolean>
  /** Lets another take it at once. */
  release(): Promise<void>
}

/**
 * A recurring job that one of the coordinators of a database does. By the wall clock, so coordinators whose clocks
 * differ by more than the duration may both do it: jobs must bear being done twice.
 */
export function createLease(options: { database: CoordinatorDatabase; clock: Clock; name: string }): Lease {
  const { clock, name } = options
  const db = options.database.queries
  const holder = randomUUID()
  return {
    async take(durationMs) {
      const now = clock.now()
      const entry = { holder, expires_at: now + durationMs }
      const taken = await db
        .insertInto('leases')
        .values({ name, ...entry })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(entry)
            .where((build) => build.or([build('leases.holder', '=', holder), build('leases.expires_at', '<=', now)])),
        )
        .returning('holder')
        .executeTakeFirst()
      return taken !== undefined
    },
    async release() {
      await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
    },
  }
}
