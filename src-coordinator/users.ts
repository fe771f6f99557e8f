import { randomUUID } from 'node:crypto'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorDatabase } from './database/tables'

export interface UserDocument {
  user_id: string
  nickname: string
  registered_at_ms: number
  requests: number
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

const MAX_USERS = 100_000

/**
 * Adds a user. One with this id keeps its name, unless it has none or `mayRename`: whoever knows an id is not thereby its
 * owner. Throws COORDINATOR_BUSY when there are too many.
 */
export async function registerUser(
  database: CoordinatorDatabase,
  user: { userId: string | undefined; nickname: string; now: number; mayRename: boolean },
): Promise<UserDocument> {
  const { queries } = database
  const userId = user.userId ?? randomUUID()
  const { count } = await queries
    .selectFrom('users')
    .select((build) => build.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count >= MAX_USERS) throw new EspalierError('COORDINATOR_BUSY', `${MAX_USERS} users are registered`)
  await queries
    .insertInto('users')
    .values({ user_id: userId, nickname: user.nickname, registered_at: user.now })
    .onConflict((conflict) => {
      const named = conflict.column('user_id').doUpdateSet({ nickname: user.nickname })
      return user.mayRename ? named : named.where('users.nickname', '=', '')
    })
    .execute()
  return readUser(database, userId)
}

/** Throws COORDINATOR_UNKNOWN_USER. */
export async function requireUser({ queries }: CoordinatorDatabase, userId: string): Promise<void> {
  const user = await queries.selectFrom('users').select('user_id').where('user_id', '=', userId).executeTakeFirst()
  if (!user) throw new EspalierError('COORDINATOR_UNKNOWN_USER', userId)
}

/** A user with what its clients reported. Throws COORDINATOR_UNKNOWN_USER. */
export async function readUser({ queries }: CoordinatorDatabase, userId: string): Promise<UserDocument> {
  const user = await queries.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirst()
  if (!user) throw new EspalierError('COORDINATOR_UNKNOWN_USER', userId)
  const sums = await queries
    .selectFrom('usage_log')
    .select((build) => [
      build.fn.countAll<number>().as('requests'),
      build.fn.sum<number | null>('prompt_tokens').as('prompt'),
      build.fn.sum<number | null>('completion_tokens').as('completion'),
    ])
    .where('user_id', '=', userId)
    .executeTakeFirst()
  const [prompt, completion] = [sums?.prompt ?? 0, sums?.completion ?? 0]
  return {
    user_id: user.user_id,
    nickname: user.nickname,
    registered_at_ms: user.registered_at,
    requests: sums?.requests ?? 0,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  }
}
