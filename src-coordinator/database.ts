import { type Generated, Kysely, type Selectable, SqliteDialect } from 'kysely'
import Database from 'libsql'
import { EspalierError, messageOf } from '../src-shared/errors'

/** What the host has decided about a worker. Whether it lives is another question (`is_live`). */
export type Standing = 'pending' | 'approved' | 'rejected'

export interface WorkerRow {
  worker_id: string
  nickname: string
  hardware_type: string
  device_name: string
  vram_gb: number
  requested_layers: number | null
  peer_id: string | null
  /** JSON array of multiaddrs. */
  multiaddrs: string
  standing: Standing
  /** 1 while heartbeats come. */
  is_live: number
  /** What the worker said of itself in its last heartbeat. */
  reported_status: string
  /** The last delta counted, for workers that number them. */
  last_seq: number | null
  tokens_served: number
  registered_at: number
  last_seen_at: number
}

export interface AssignmentRow {
  worker_id: string
  model_name: string
  start_block: number
  end_block: number
  reason: string
  assigned_at: number
}

interface DecisionTable {
  /** Grows with every decision, so the largest is the last. */
  decision_id: Generated<number>
  worker_id: string
  decision: 'approved' | 'rejected' | 'left'
  reason: string
  decided_by: string
  decided_at: number
}
export type DecisionRow = Selectable<DecisionTable>

export interface CoordinatorTables {
  workers: WorkerRow
  assignments: AssignmentRow
  decisions: DecisionTable
  /** Tokens by worker and hour, so that the table grows with time and not with heartbeats. */
  usage: { worker_id: string; hour: number; tokens: number }
  settings: { name: string; value: string }
}

export type CoordinatorDatabase = Kysely<CoordinatorTables>

/** Each entry takes the database from its index to the next version. Entries are only ever appended. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE workers (
    worker_id TEXT PRIMARY KEY,
    nickname TEXT NOT NULL,
    hardware_type TEXT NOT NULL,
    device_name TEXT NOT NULL,
    vram_gb REAL NOT NULL,
    requested_layers INTEGER,
    peer_id TEXT,
    multiaddrs TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('pending', 'approved', 'rejected')),
    is_live INTEGER NOT NULL,
    reported_status TEXT NOT NULL,
    last_seq INTEGER,
    tokens_served INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE assignments (
    worker_id TEXT PRIMARY KEY REFERENCES workers ON DELETE CASCADE,
    model_name TEXT NOT NULL,
    start_block INTEGER NOT NULL,
    end_block INTEGER NOT NULL CHECK (start_block >= 0 AND end_block > start_block),
    reason TEXT NOT NULL,
    assigned_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE decisions (
    decision_id INTEGER PRIMARY KEY,
    worker_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX decisions_by_worker ON decisions (worker_id);
  CREATE TABLE usage (
    worker_id TEXT NOT NULL,
    hour INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (worker_id, hour)
  ) STRICT;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
]

/**
 * Opens the database file, checks it and brings it to this program's version. Throws
 * COORDINATOR_STATE_DAMAGED when it is not whole, or comes from a newer program.
 */
export function openCoordinatorDatabase(path: string): CoordinatorDatabase {
  let connection: InstanceType<typeof Database> | undefined
  try {
    connection = new Database(path)
    // Integrity first: everything after it writes.
    const problems = rowsOf(connection.pragma('integrity_check')).map(({ integrity_check }) => integrity_check)
    if (problems.join() !== 'ok') throw new Error(problems.slice(0, 3).join('; '))
    connection.pragma('journal_mode = WAL')
    // WAL's default syncs only at checkpoints; an approval must outlive a power cut.
    connection.pragma('synchronous = FULL')
    connection.pragma('foreign_keys = ON')
    connection.pragma('busy_timeout = 5000')
    migrate(connection)
  } catch (error) {
    connection?.close()
    throw new EspalierError('COORDINATOR_STATE_DAMAGED', `${path} (${messageOf(error)})`, { cause: error })
  }
  return new Kysely<CoordinatorTables>({ dialect: new SqliteDialect({ database: connection }) })
}

function migrate(connection: InstanceType<typeof Database>): void {
  const version = Number(rowsOf(connection.pragma('user_version'))[0]?.user_version)
  if (!(version <= MIGRATIONS.length)) throw new Error(`version ${version} is newer than this program`)
  MIGRATIONS.slice(version).forEach((statements, index) => {
    connection.exec(`BEGIN IMMEDIATE; ${statements} PRAGMA user_version = ${version + index + 1}; COMMIT;`)
  })
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
