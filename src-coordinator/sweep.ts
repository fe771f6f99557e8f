import type { Clock } from '../src-shared/clock'
import { STEADY_ENOUGH_MS, watchSteadiness } from '../src-shared/steady-clock'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, CoordinatorQueries } from './database/tables'
import { BY_COORDINATOR, decide, forgetOldComings, type NoteDecision } from './decisions'
import type { HostedModel } from './hosted-model'
import { createLease } from './leases'
import type { Liveness } from './liveness'
import { pruneMembers, removeMember } from './members'
import type { NetworkSettingsStore } from './network-settings'
import { applyChanges, listPlannedWorkers, rulesOf } from './planning/assignments'
import { hasGap, plan } from './planning/plan'
import { bookServed } from './served'
import type { CoordinatorTimings } from './timings'
import { forgetOldUsage } from './usage-log'

export interface SweepOptions {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  liveness: Liveness
  settings: NetworkSettingsStore
  models: readonly HostedModel[]
  timings: CoordinatorTimings
  maxReplicas: number
}

export interface SweepReport {
  /** False: another coordinator sweeps. */
  isOurs: boolean
  silent: string[]
  changes: number
}

export interface Sweep {
  run(): Promise<SweepReport>
  /** Lets another coordinator sweep at once. */
  release(): Promise<void>
}

/** A worker that was never approved and has gone is forgotten after a day. */
const FORGET_PENDING_AFTER_MS = 24 * 3_600_000
const FORGET_COUNTERS_AFTER_MS = 90 * 24 * 3_600_000
/** Loading blocks costs minutes: nothing moves for speed alone that came this lately. */
const STAY_AT_LEAST_MS = 10 * 60_000

/** The recurring work on the whole roster. With several coordinators, the one that holds the lease does it. */
export function createSweep(options: SweepOptions): Sweep {
  const { clock, database, liveness, settings, timings } = options
  const steadyForMs = watchSteadiness(clock)
  const lease = createLease({ database, clock, name: 'sweep' })
  /** Since when some block has nobody, by the monotonic clock; null: none has. */
  let gapSince: number | null = null

  async function markSilent(db: CoordinatorQueries, note: NoteDecision): Promise<string[]> {
    const now = clock.now()
    const live = await db
      .selectFrom('workers')
      .select(['worker_id', 'last_seen_at'])
      .where('is_live', '=', 1)
      .orderBy('worker_id')
      .execute()
    const silent: string[] = []
    for (const { worker_id, last_seen_at } of live) {
      if (!liveness.isSilent(worker_id, timings.offlineAfterMs)) continue
      // Another coordinator may have heard it; with a file of our own, there is none.
      if (database.dialect === 'postgres' && last_seen_at >= now - timings.offlineAfterMs) continue
      const { numUpdatedRows } = await db
        .updateTable('workers')
        .set({ is_live: 0 })
        .where('worker_id', '=', worker_id)
        // A heartbeat that came since the list was read wins.
        .where('last_seen_at', '=', last_seen_at)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) continue
      silent.push(worker_id)
      await removeMember(db, worker_id)
      await note({
        worker_id,
        decision: 'offline',
        reason: `no heartbeat for ${Math.round((now - last_seen_at) / 1000)} s`,
        decided_by: BY_COORDINATOR,
        decided_at: now,
      })
    }
    return silent
  }

  async function forget(db: CoordinatorQueries, note: NoteDecision): Promise<void> {
    const now = clock.now()
    const steadyMs = steadyForMs()
    await bookServed(db, database.dialect, now)
    // After our own absence nobody could report, so nobody is stale yet; nor after a jump of the clock.
    if (Math.min(liveness.upMs(), steadyMs) >= timings.stalePeerAfterMs)
      await pruneMembers(db, now - timings.stalePeerAfterMs)
    if (steadyMs >= STEADY_ENOUGH_MS) await forgetOld(db, note, now)
  }

  async function forgetOld(db: CoordinatorQueries, note: NoteDecision, now: number): Promise<void> {
    const forgotten = await db
      .deleteFrom('workers')
      .where('standing', '=', 'pending')
      .where('is_live', '=', 0)
      .where('last_seen_at', '<', now - FORGET_PENDING_AFTER_MS)
      .returning('worker_id')
      .execute()
    for (const { worker_id } of forgotten) {
      await note({
        worker_id,
        decision: 'forgotten',
        reason: 'it was never approved and has not reported for a day',
        decided_by: BY_COORDINATOR,
        decided_at: now,
      })
    }
    await db
      .deleteFrom('departed_workers')
      .where('left_at', '<', now - FORGET_COUNTERS_AFTER_MS)
      .execute()
    await forgetOldComings(db, now)
    await forgetOldUsage(db, now)
  }

  /** Takes back blocks of models that are no longer hosted, and lets the planner look at the others. */
  async function replan(db: CoordinatorQueries, note: NoteDecision): Promise<number> {
    const hosted = options.models.map(({ name }) => name)
    await db
      .deleteFrom('assignments')
      .$if(hosted.length > 0, (query) => query.where('model_name', 'not in', hosted))
      .execute()
    const network = await settings.readWith(db)
    if (!network.model) return 0
    const now = clock.now()
    const rules = rulesOf(network.model, network, options.maxReplicas)
    const workers = await listPlannedWorkers(db, network.model)
    if (!hasGap(workers, rules) || workers.length === 0) gapSince = null
    else gapSince ??= clock.monotonicMs()
    const closeGaps = gapSince !== null && clock.monotonicMs() - gapSince >= timings.offlineAfterMs
    const changes = plan(workers, rules, { closeGaps, movableIfAssignedBefore: now - STAY_AT_LEAST_MS })
    return applyChanges(db, changes, { model: network.model, now, note })
  }

  return {
    async run() {
      // A sweep may be late; the lease must not end between two of them.
      if (!(await lease.take(timings.sweepIntervalMs * 2))) return { isOurs: false, silent: [], changes: 0 }
      const silent = await decide(options, markSilent)
      const changes = await decide(options, replan, { lock: 'planning' })
      await decide(options, forget)
      return { isOurs: true, silent, changes }
    },
    release: () => lease.release(),
  }
}
