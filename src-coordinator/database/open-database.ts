import { Kysely } from 'kysely'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { copyTime, restoreCopy } from './kept-copy'
import { migrate, unknownStep } from './migrate'
import type { Migration } from './migration'
import { MIGRATIONS } from './migrations'
import { openPostgres } from './postgres'
import { type OpenSqlite, openSqlite, SqliteDamage } from './sqlite'
import type { CoordinatorDatabase, CoordinatorTables, DialectName } from './tables'

export interface OpenDatabaseOptions {
  /** For tests of earlier versions. */
  steps?: readonly Migration[]
  /** One sentence for the host of the network: what was lost, or what could not be kept. */
  onTrouble?(what: string): void
}

/**
 * Opens the coordinator's state and brings it to this program's version: a PostgreSQL URL, or the path of an
 * SQLite file. A damaged file is set aside and its last copy taken, which is told. Throws
 * COORDINATOR_STATE_DAMAGED where there is no copy, COORDINATOR_STATE_NEWER when a newer program has written it (a
 * copy of it is kept), and COORDINATOR_DATABASE_UNREACHABLE when the server does not answer.
 */
export async function openCoordinatorDatabase(
  location: string,
  { steps = MIGRATIONS, onTrouble }: OpenDatabaseOptions = {},
): Promise<CoordinatorDatabase> {
  const dialect: DialectName = isPostgresUrl(location) ? 'postgres' : 'sqlite'
  let queries: Kysely<CoordinatorTables> | undefined
  try {
    const sqlite = dialect === 'sqlite' ? await openWhole(location, onTrouble) : null
    queries = new Kysely<CoordinatorTables>({ dialect: sqlite?.dialect ?? openPostgres(location) })
    const copy = () => {
      try {
        sqlite?.keepCopy()
      } catch (error) {
        onTrouble?.(`no copy of the database could be made: ${messageOf(error)}`)
      }
    }
    const unknown = await unknownStep(queries, steps)
    if (unknown !== null) {
      const kept = sqlite ? `; a copy of it is ${sqlite.keepAside('newer')}` : ''
      throw new EspalierError('COORDINATOR_STATE_NEWER', `it has ${unknown}${kept}`)
    }
    // Before the schema changes, and while the file is known to be whole.
    copy()
    await migrate(queries, dialect, steps)
    const opened = queries
    return {
      queries: opened,
      dialect,
      async close() {
        copy()
        await opened.destroy()
      },
    }
  } catch (error) {
    await queries?.destroy().catch(() => undefined)
    if (error instanceof EspalierError) throw error
    // A URL may hold a password.
    const where = dialect === 'postgres' ? 'PostgreSQL' : location
    const code = isConnectionTrouble(error) ? 'COORDINATOR_DATABASE_UNREACHABLE' : 'COORDINATOR_STATE_DAMAGED'
    throw new EspalierError(code, `${where} (${messageOf(error)})`, { cause: error })
  }
}

async function openWhole(path: string, onTrouble: OpenDatabaseOptions['onTrouble']): Promise<OpenSqlite> {
  try {
    return openSqlite(path)
  } catch (error) {
    const copiedAt = copyTime(path)
    if (!(error instanceof SqliteDamage) || copiedAt === null) throw error
    await restoreCopy(path)
    const opened = openSqlite(path)
    onTrouble?.(
      `the database was damaged (${error.message}), and its copy of ${copiedAt} is used; ` +
        'approvals, rejections and revocations since then have to be made again',
    )
    return opened
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
