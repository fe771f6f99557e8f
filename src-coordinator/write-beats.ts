import { sql } from 'kysely'
import type { z } from 'zod'
import type { WorkerHeartbeatSchema } from '../src-main/coordinator/coordinator-wire'
import { jsonRows } from './database/json-rows'
import type { CoordinatorQueries, DecisionRow, DialectName } from './database/tables'
import { BY_COORDINATOR, type NoteDecision } from './decisions'
import { isMember, memberData } from './members'
import { type HeldStanding, holdStandings, type StandingEntry } from './roster-entries'

export type Heartbeat = z.output<typeof WorkerHeartbeatSchema>

/** What the heartbeats of one worker in a batch add up to. */
interface Beat {
  entry: HeldStanding
  status: string
  tokens: number
  requests: number
  /** Null: not measured, or not said. */
  speed: number | null
}

/** Counts what approved workers report, and writes a batch; a worker may be in it more than once. Resolves to what was known of each. */
export async function writeBeats({
  db,
  dialect,
  note,
  bodies,
  now,
  keptDecisions,
}: {
  db: CoordinatorQueries
  dialect: DialectName
  note: NoteDecision
  bodies: readonly Heartbeat[]
  now: number
  keptDecisions: Map<number, DecisionRow>
}): Promise<{ entries: Map<string, StandingEntry>; tokens: number }> {
  const ids = [...new Set(bodies.map(({ worker_id }) => worker_id))]
  const held = await holdStandings(db, dialect, ids, keptDecisions)
  const beats = new Map<string, Beat>(
    held.map((entry) => [entry.worker.worker_id, { entry, status: '', tokens: 0, requests: 0, speed: null }]),
  )
  let counted = 0
  const returned = held.filter(({ worker }) => worker.is_live === 0)
  for (const body of bodies) {
    const beat = beats.get(body.worker_id)
    if (!beat) continue
    const { worker } = beat.entry
    // The same number again is the same delta again: its reply was lost, and it counts once.
    const isRepeat = body.x_seq !== undefined && worker.last_seq !== null && body.x_seq <= worker.last_seq
    // Whoever is not approved serves none of this network's blocks: its report is acknowledged, and that is all. Who is
    // on standby may report what it served before its blocks were taken back.
    const isCounted = !isRepeat && worker.standing === 'approved'
    const tokens = isCounted ? body.tokens_served_since_last : 0
    worker.is_live = 1
    if (!isRepeat) worker.last_seq = body.x_seq ?? worker.last_seq
    beat.status = body.status
    beat.tokens += tokens
    if (isCounted) beat.requests += body.x_requests_served_since_last ?? 0
    beat.speed = body.x_block_steps_per_s ?? beat.speed
    counted += tokens
  }
  const entries = new Map(held.map((entry) => [entry.worker.worker_id, entry]))
  if (held.length === 0) return { entries, tokens: 0 }
  const written = jsonRows(
    dialect,
    'beats',
    { id: 'text', status: 'text', tokens: 'bigint', requests: 'bigint', seq: 'bigint', speed: 'double precision' },
    [...beats].map(([id, { entry, status, tokens, requests, speed }]) => ({
      id,
      status,
      tokens,
      requests,
      seq: entry.worker.last_seq,
      speed,
    })),
  )
  await sql`UPDATE workers SET is_live = 1, last_seen_at = ${now}, reported_status = beats.status,
    tokens_served = tokens_served + beats.tokens, requests_served = requests_served + beats.requests, last_seq = beats.seq,
    block_steps_per_s = coalesce(beats.speed, block_steps_per_s)
    FROM ${written} WHERE workers.worker_id = beats.id`.execute(db)

  // One row for each peer id: the statement may not meet a row twice.
  const members = [
    ...new Map(held.flatMap(({ worker }) => (isMember(worker) ? [[worker.peer_id, worker]] : []))).values(),
  ]
  if (members.length > 0) {
    const rows = jsonRows(
      dialect,
      'here',
      { node: 'text', id: 'text', data: 'text', seen: 'bigint' },
      members.map((worker) => ({
        node: worker.peer_id,
        id: worker.worker_id,
        data: memberData(worker),
        seen: now,
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
