import type { CoordinatorDatabase, CoordinatorQueries, UsageLogRow } from './database/tables'

/** What a client reported about one request. */
export interface UsageReport {
  userId: string
  promptTokens: number
  completionTokens: number
  workerIds: readonly string[]
  /** The same id again is the same report again, and counts once. */
  requestId: string | undefined
}

const KEEP_MS = 90 * 24 * 3_600_000

/** True when it is new. */
export async function logUsage({ queries }: CoordinatorDatabase, report: UsageReport, now: number): Promise<boolean> {
  const written = await queries
    .insertInto('usage_log')
    .values({
      user_id: report.userId,
      prompt_tokens: report.promptTokens,
      completion_tokens: report.completionTokens,
      worker_ids: JSON.stringify(report.workerIds),
      request_id: report.requestId ?? null,
      logged_at: now,
    })
    .onConflict((conflict) => conflict.column('request_id').doNothing())
    .returning('usage_id')
    .executeTakeFirst()
  return written !== undefined
}

/** The newest first. */
export function recentUsage({ queries }: CoordinatorDatabase, limit: number): Promise<UsageLogRow[]> {
  return queries.selectFrom('usage_log').selectAll().orderBy('usage_id', 'desc').limit(limit).execute()
}

export async function forgetOldUsage(db: CoordinatorQueries, now: number): Promise<void> {
  await db
    .deleteFrom('usage_log')
    .where('logged_at', '<', now - KEEP_MS)
    .execute()
}
