import type { Generated, Kysely, Selectable, Transaction } from 'kysely'
import type { SecurityTables } from '../security/security-tables'

// The shape of the coordinator's state. Times are milliseconds since the Unix epoch; flags are 0 or 1, because
// SQLite has no booleans and both dialects share these types.

/** What the host has decided about a worker. Whether it lives is another question (`is_live`). */
export type Standing = 'pending' | 'approved' | 'rejected'

export interface WorkerTable {
  worker_id: string
  nickname: string
  hardware_type: string
  device_name: string
  vram_gb: number
  requested_layers: number | null
  peer_id: string | null
  /** JSON array of multiaddrs, as the worker gave them. */
  multiaddrs: string
  standing: Standing
  /** 1 while heartbeats come. */
  is_live: number
  /** What the worker said of itself in its last heartbeat. */
  reported_status: string
  /** The last delta counted, for workers that number them. */
  last_seq: number | null
  tokens_served: number
  /** How much of `tokens_served` has been booked to an hour of `usage`. */
  tokens_rolled: Generated<number>
  requests_served: Generated<number>
  requests_rolled: Generated<number>
  registered_at: number
  last_seen_at: number
  /** Bytes that the worker offers for blocks; null when it did not say. */
  memory_bytes: number | null
  /** Measured by the worker, single-token steps per second and block; null until it has measured. */
  block_steps_per_s: number | null
  /** The last decision about it (`decisions`), so that a heartbeat's answer needs no search. */
  last_decision_id: number | null
  /** Why it has the blocks that it has, or none: a sentence for people. */
  assignment_note: Generated<string>
}
export type WorkerRow = Selectable<WorkerTable>

export interface AssignmentRow {
  worker_id: string
  model_name: string
  start_block: number
  end_block: number
  reason: string
  assigned_at: number
}

/** Host's and coordinator's decisions: the durable event log. Rows are only ever added. */
export type DecisionKind =
  | 'registered'
  | 'approved'
  | 'rejected'
  | 'assigned'
  | 'moved'
  | 'standby'
  | 'offline'
  | 'returned'
  | 'left'
  | 'removed'
  | 'revoked'
  | 'forgotten'
  | 'load-acknowledged'
  | 'load-cancelled'
  | 'quantization'
  | 'target-workers'

export interface DecisionTable {
  /** Grows with every decision, so the largest is the last. */
  decision_id: Generated<number>
  /** Empty for decisions about the network as a whole. */
  worker_id: string
  decision: DecisionKind
  reason: string
  decided_by: string
  decided_at: number
}
export type DecisionRow = Selectable<DecisionTable>

export interface CoordinatorTables extends SecurityTables {
  workers: WorkerTable
  assignments: AssignmentRow
  decisions: DecisionTable
  /** By worker and hour, booked from the workers' counters, so that it grows with time and not with heartbeats. */
  usage: { worker_id: string; hour: number; tokens: number; requests: Generated<number> }
  settings: { name: string; value: string }
  /** Peers that may be named to others: approved, with an address, lately heard. `data` is JSON. */
  members: { node_id: string; worker_id: string; data: string; last_seen: number }
  /** Counters of workers that left, so that a delta sent again after a new registration still counts once. */
  departed_workers: { worker_id: string; last_seq: number; left_at: number }
  /** Who may do a recurring job now, where several coordinators share one database. */
  leases: { name: string; holder: string; expires_at: number }
  /** Of all coordinators of this database. `addresses` is a JSON array of multiaddrs. */
  bootstrap_peers: { peer_id: string; addresses: string; seen_at: number }
  users: { user_id: string; nickname: string; registered_at: number }
  /** One row for each request that a client reported. `worker_ids` is a JSON array. */
  usage_log: UsageLogTable
}

export interface UsageLogTable {
  usage_id: Generated<number>
  user_id: string
  prompt_tokens: number
  completion_tokens: number
  worker_ids: string
  /** Given by clients that may send the same report twice; null otherwise. */
  request_id: string | null
  logged_at: number
}
export type UsageLogRow = Selectable<UsageLogTable>

export type DialectName = 'sqlite' | 'postgres'

/** A connection pool or an open transaction: what reads and writes take. */
export type CoordinatorQueries = Kysely<CoordinatorTables> | Transaction<CoordinatorTables>

export interface CoordinatorDatabase {
  readonly queries: Kysely<CoordinatorTables>
  readonly dialect: DialectName
  close(): Promise<void>
}
