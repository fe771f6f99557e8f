import { sql } from 'kysely'
import type { z } from 'zod'
import type { WorkerHeartbeatSchema } from '../src-main/coordinator/coordinator-wire'
import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import { jsonRows } from './database/json-rows'
import type { CoordinatorDatabase, CoordinatorQueries, DecisionRow } from './database/tables'
import { BY_COORDINATOR, decide, type NoteDecision } from './decisions'
import type { Liveness } from './liveness'
import { isMember, memberData } from './members'
import { holdEntries, type RosterEntry } from './roster-entries'

export interface Heartbeats {
  /** Answered when it is in the database. Throws COORDINATOR_UNKNOWN_WORKER. */
  beat(body: Heartbeat): Promise<RosterEntry>
  /** Resolves when everything that was taken is written. */
  settled(): Promise<void>
}

type Heartbeat = z.output<typeof WorkerHeartbeatSchema>
interface Waiting {
  body: Heartbeat
  resolve(entry: RosterEntry): void
  reject(error: unknown): void
}

const MAX_BATCH = 256
const MAX_TURNS = 6

/**
 * Takes heartbeats. Those that arrive while one transaction is under way share the next one: with one commit for
 * many, the cost of a heartbeat hardly depends on the disk. Each is answered only after its commit.
 */
export function createHeartbeats(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  liveness: Liveness
}): Heartbeats {
  const { clock, database, events, liveness } = options
  let waiting: Waiting[] = []
  // What heartbeats read is committed: they decide nothing about a worker's standing themselves.
  const keptDecisions = new Map<number, DecisionRow>()
  let writing: Promise<void> | null = null

  async function write(batch: readonly Waiting[]): Promise<void> {
    try {
      const now = clock.now()
      const bodies = batch.map(({ body }) => body)
      const { entries, tokens } = await decide(options, (db, note) =>
        writeBeats({ db, dialect: database.dialect, note, bodies, now, keptDecisions }),
      )
      liveness.heard([...entries.keys()])
      for (const { body, resolve, reject } of batch) {
        const entry = entries.get(body.worker_id)
        if (entry) resolve(entry)
        else reject(new EspalierError('COORDINATOR_UNKNOWN_WORKER', body.worker_id))
      }
      events.emit({ type: 'workers', workerIds: [...entries.keys()] })
      if (tokens > 0) events.emit({ type: 'usage', tokens })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await gather()
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      await write(batch)
    }
  }

  /** Waits while the event loop still has requests at hand: many at once are much cheaper. A single one hardly waits. */
  async function gather(): Promise<void> {
    let seen = 0
    for (let turn = 0; turn < MAX_TURNS && waiting.length > seen && waiting.length < MAX_BATCH; turn += 1) {
      seen = waiting.length
      await new Promise<void>((done) => setImmediate(done))
    }
  }

  return {
    beat: (body) =>
      new Promise((resolve, reject) => {
        waiting.push({ body, resolve, reject })
        writing ??= writeAll().finally(() => {
          writing = null
        })
      }),
    settled: async () => {
      await writing
    },
  }
}

/** Counts and writes a batch; a worker may be in it more than once. Resolves to what was known of each. */
async function writeBeats({
  db,
  dialect,
  note,
  bodies,
  now,
  keptDecisions,
}: {
  db: CoordinatorQueries
  dialect: CoordinatorDatabase['dialect']
  note: NoteDecision
  bodies: readonly Heartbeat[]
  now: number
  keptDecisions: Map<number, DecisionRow>
}): Promise<{ entries: Map<string, RosterEntry>; tokens: number }> {
  const ids = [...new Set(bodies.map(({ worker_id }) => worker_id))]
  const held = await holdEntries(db, dialect, ids, keptDecisions)
  const entries = new Map(held.map((entry) => [entry.worker.worker_id, entry]))
  let counted = 0
  const returned = held.filter(({ worker }) => worker.is_live === 0)
  for (const body of bodies) {
    const worker = entries.get(body.worker_id)?.worker
    if (!worker) continue
    // The same number again is the same delta again: its reply was lost, and it counts once.
    const isRepeat = body.x_seq !== undefined && worker.last_seq !== null && body.x_seq <= worker.last_seq
    const tokens = isRepeat ? 0 : body.tokens_served_since_last
    worker.is_live = 1
    worker.last_seen_at = now
    worker.reported_status = body.status
    worker.tokens_served += tokens
    if (!isRepeat) worker.last_seq = body.x_seq ?? worker.last_seq
    worker.block_steps_per_s = body.x_block_steps_per_s ?? worker.block_steps_per_s
    counted += tokens
  }
  if (held.length === 0) return { entries, tokens: 0 }
  const workers = held.map(({ worker }) => worker)
  const seen = jsonRows(
    dialect,
    'beats',
    {
      id: 'text',
      seen: 'bigint',
      status: 'text',
      tokens: 'bigint',
      seq: 'bigint',
      speed: 'double precision',
    },
    workers.map((worker) => ({
      id: worker.worker_id,
      seen: worker.last_seen_at,
      status: worker.reported_status,
      tokens: worker.tokens_served,
      seq: worker.last_seq,
      speed: worker.block_steps_per_s,
    })),
  )
  await sql`UPDATE workers SET is_live = 1, last_seen_at = beats.seen, reported_status = beats.status,
    tokens_served = beats.tokens, last_seq = beats.seq, block_steps_per_s = beats.speed
    FROM ${seen} WHERE workers.worker_id = beats.id`.execute(db)

  // One row for each peer id: the statement may not meet a row twice.
  const members = [...new Map(workers.filter(isMember).map((worker) => [worker.peer_id, worker])).values()]
  if (members.length > 0) {
    const rows = jsonRows(
      dialect,
      'here',
      { node: 'text', id: 'text', data: 'text', seen: 'bigint' },
      members.map((worker) => ({
        node: worker.peer_id,
        id: worker.worker_id,
        data: memberData(worker),
        seen: worker.last_seen_at,
      })),
    )
    await sql`INSERT INTO members (node_id, worker_id, data, last_seen) SELECT node, id, data, seen FROM ${rows}
      WHERE true ON CONFLICT (node_id) DO UPDATE SET last_seen = excluded.last_seen, data = excluded.data
      WHERE members.worker_id = excluded.worker_id`.execute(db)
  }
  for (const { worker } of returned) {
    await note({
      worker_id: worker.worker_id,
      decision: 'returned',
      reason: '',
      decided_by: BY_COORDINATOR,
      decided_at: now,
    })
  }
  return { entries, tokens: counted }
}
