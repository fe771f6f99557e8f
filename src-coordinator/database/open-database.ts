import { Kysely } from 'kysely'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { migrate } from './migrate'
import { openPostgres } from './postgres'
import { openSqlite } from './sqlite'
import type { CoordinatorDatabase, CoordinatorTables, DialectName } from './tables'

/**
 * Opens the coordinator's state and brings it to this program's version: a PostgreSQL URL, or the path of an
 * SQLite file. Throws COORDINATOR_STATE_DAMAGED when it is not whole or comes from a newer program, and
 * COORDINATOR_DATABASE_UNREACHABLE when the server does not answer.
 */
export async function openCoordinatorDatabase(location: string): Promise<CoordinatorDatabase> {
  const dialect: DialectName = isPostgresUrl(location) ? 'postgres' : 'sqlite'
  let queries: Kysely<CoordinatorTables> | undefined
  try {
    queries = new Kysely<CoordinatorTables>({
      dialect: dialect === 'postgres' ? openPostgres(location) : openSqlite(location),
    })
    await migrate(queries, dialect)
    const opened = queries
    return { queries: opened, dialect, close: () => opened.destroy() }
  } catch (error) {
    await queries?.destroy().catch(() => undefined)
    // A URL may hold a password.
    const where = dialect === 'postgres' ? 'PostgreSQL' : location
    const code = isConnectionTrouble(error) ? 'COORDINATOR_DATABASE_UNREACHABLE' : 'COORDINATOR_STATE_DAMAGED'
    throw new EspalierError(code, `${where} (${messageOf(error)})`, { cause: error })
  }
}

export function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location)
}

function isConnectionTrouble(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  // 08: connection exceptions, 28: refused log-in, 3D: no such database, 57P: shutting down or starting up.
  return /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|08|28|3D|57P)/.test(code) || /timeout.*connect/i.test(messageOf(error))
}
