import type { z } from 'zod'
import type { WorkerHeartbeatSchema, WorkerRegistrationSchema } from '../src-main/coordinator/coordinator-wire'
import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorQueries } from './database/tables'
import type { HostedModel } from './hosted-model'
import { findWorker, listEntries, noteDecision, type RosterEntry, readEntry } from './roster-entries'
import type { CoordinatorTimings } from './timings'

export interface RosterOptions {
  db: CoordinatorQueries
  clock: Clock
  models: readonly HostedModel[]
  isDemo: boolean
  timings: CoordinatorTimings
}

/** More rows than this are somebody's mistake or attack. */
const MAX_WORKERS = 5_000
/** A worker that was never approved and has gone is forgotten after a day. */
const FORGET_PENDING_AFTER_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

/** Who is here, and who lives. All state is in the database, so a restart loses nothing. */
export class Roster {
  // Liveness by the monotonic clock: neither a jump of the wall clock nor our own downtime makes a worker late.
  readonly #lastSeen = new Map<string, number>()
  readonly #startedAt: number

  constructor(private readonly options: RosterOptions) {
    this.#startedAt = options.clock.monotonicMs()
  }

  /** Takes back assignments of models that are no longer hosted, or that have become shorter. */
  async dropObsoleteAssignments(): Promise<void> {
    for (const { assignment } of await listEntries(this.options.db)) {
      if (!assignment) continue
      const model = this.options.models.find(({ name }) => name === assignment.model_name)
      if (model && assignment.end_block <= model.blockCount) continue
      await this.options.db.deleteFrom('assignments').where('worker_id', '=', assignment.worker_id).execute()
    }
  }

  /**
   * Adds a worker as pending, or refreshes the details of a known one, whose approval and blocks stay. Throws
   * DEMO_CONFINED, WORKER_ID_TAKEN (known under another peer id) or COORDINATOR_BUSY (too many workers).
   */
  async register(body: z.output<typeof WorkerRegistrationSchema>): Promise<RosterEntry> {
    this.#requireSameKind(body.x_demo === true)
    const now = this.options.clock.now()
    const details = {
      nickname: body.nickname,
      hardware_type: body.hardware_type,
      device_name: body.device_name,
      vram_gb: body.vram_gb,
      requested_layers: body.requested_layers ?? null,
      reported_status: 'registered',
      is_live: 1,
      last_seen_at: now,
    }
    const addresses = body.x_multiaddrs ? { multiaddrs: JSON.stringify(body.x_multiaddrs) } : {}
    const entry = await this.options.db.transaction().execute(async (db) => {
      const known = await findWorker(db, body.worker_id)
      if (!known) {
        const { count } = await db
          .selectFrom('workers')
          .select((build) => build.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
        if (count >= MAX_WORKERS) throw new EspalierError('COORDINATOR_BUSY', `${MAX_WORKERS} nodes are registered`)
        await db
          .insertInto('workers')
          .values({
            worker_id: body.worker_id,
            ...details,
            peer_id: body.x_peer_id ?? null,
            multiaddrs: '[]',
            ...addresses,
            standing: 'pending',
            last_seq: null,
            tokens_served: 0,
            registered_at: now,
            memory_bytes: null,
            block_steps_per_s: null,
            last_decision_id: null,
          })
          .execute()
      } else {
        if (known.peer_id && body.x_peer_id && known.peer_id !== body.x_peer_id) {
          throw new EspalierError('WORKER_ID_TAKEN', body.worker_id)
        }
        await db
          .updateTable('workers')
          .set({
            ...details,
            ...addresses,
            peer_id: body.x_peer_id ?? known.peer_id,
            standing: known.standing === 'rejected' && body.x_reapply ? 'pending' : known.standing,
          })
          .where('worker_id', '=', body.worker_id)
          .execute()
      }
      return readEntry(db, body.worker_id)
    })
    this.#lastSeen.set(body.worker_id, this.options.clock.monotonicMs())
    return entry
  }

  /** Throws COORDINATOR_UNKNOWN_WORKER. */
  async heartbeat(body: z.output<typeof WorkerHeartbeatSchema>): Promise<RosterEntry> {
    const now = this.options.clock.now()
    const entry = await this.options.db.transaction().execute(async (db) => {
      const { worker } = await readEntry(db, body.worker_id)
      const isRepeat = body.x_seq !== undefined && worker.last_seq !== null && body.x_seq <= worker.last_seq
      const tokens = isRepeat ? 0 : body.tokens_served_since_last
      await db
        .updateTable('workers')
        .set({
          is_live: 1,
          last_seen_at: now,
          reported_status: body.status,
          tokens_served: worker.tokens_served + tokens,
          last_seq: isRepeat ? worker.last_seq : (body.x_seq ?? worker.last_seq),
        })
        .where('worker_id', '=', body.worker_id)
        .execute()
      if (tokens > 0) {
        await db
          .insertInto('usage')
          .values({ worker_id: body.worker_id, hour: Math.floor(now / HOUR_MS), tokens })
          .onConflict((conflict) =>
            conflict.columns(['worker_id', 'hour']).doUpdateSet((build) => ({
              tokens: build('usage.tokens', '+', build.ref('excluded.tokens')),
            })),
          )
          .execute()
      }
      return readEntry(db, body.worker_id)
    })
    this.#lastSeen.set(body.worker_id, this.options.clock.monotonicMs())
    return entry
  }

  /** Forgets a worker that leaves; its tokens and the decisions about it stay. Throws COORDINATOR_UNKNOWN_WORKER. */
  async remove(workerId: string): Promise<void> {
    await this.options.db.transaction().execute(async (db) => {
      await readEntry(db, workerId)
      await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
      await db.deleteFrom('workers').where('worker_id', '=', workerId).execute()
      await noteDecision(db, {
        worker_id: workerId,
        decision: 'left',
        reason: '',
        decided_by: 'worker',
        decided_at: this.options.clock.now(),
      })
    })
    this.#lastSeen.delete(workerId)
  }

  /** Marks silent workers offline and forgets pending ones that went long ago. Resolves to the newly offline ids. */
  async sweep(): Promise<string[]> {
    const { clock, db, timings } = this.options
    const live = await db.selectFrom('workers').select('worker_id').where('is_live', '=', 1).execute()
    const silentSince = clock.monotonicMs() - timings.offlineAfterMs
    const silent = live
      .map(({ worker_id }) => worker_id)
      .filter((id) => (this.#lastSeen.get(id) ?? this.#startedAt) < silentSince)
    for (const id of silent) {
      // A heartbeat may have come since the list was read.
      if ((this.#lastSeen.get(id) ?? this.#startedAt) >= silentSince) continue
      await db.updateTable('workers').set({ is_live: 0 }).where('worker_id', '=', id).execute()
    }
    await db
      .deleteFrom('workers')
      .where('standing', '=', 'pending')
      .where('is_live', '=', 0)
      .where('last_seen_at', '<', clock.now() - FORGET_PENDING_AFTER_MS)
      .execute()
    return silent
  }

  /** A demo never leaves its computer, and nothing simulated enters a real network. */
  #requireSameKind(isDemoWorker: boolean): void {
    if (isDemoWorker === this.options.isDemo) return
    throw new EspalierError(
      'DEMO_CONFINED',
      isDemoWorker ? 'this coordinator is a real one' : 'this coordinator takes demo nodes only',
    )
  }
}
