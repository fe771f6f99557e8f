import type { Clock } from '../src-shared/clock'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase } from './database/tables'
import { decide } from './decisions'
import { removeMember, writeMember } from './members'
import type { NetworkSettingsStore } from './network-settings'
import { assignOne, rulesOf } from './planning/assignments'
import { findWorker, type RosterEntry, readEntry } from './roster-entries'

export interface Approval {
  /** Approves and assigns blocks. A worker that has blocks keeps them. Throws COORDINATOR_UNKNOWN_WORKER. */
  approve(workerId: string, reason: string | undefined, decidedBy: string): Promise<RosterEntry>
  /** Rejects and takes the blocks back. Throws COORDINATOR_UNKNOWN_WORKER. */
  reject(workerId: string, reason: string | undefined, decidedBy: string): Promise<RosterEntry>
  /** Takes an approval back: the worker waits for the host again, without blocks. Nothing for one that is not approved. */
  revoke(workerId: string, decidedBy: string): Promise<void>
}

/** The host's decisions. What is answered is on the disk. */
export function createApproval(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  settings: NetworkSettingsStore
  maxReplicas: number
}): Approval {
  const { clock, settings } = options
  return {
    approve: (workerId, reason, decidedBy) =>
      decide(
        options,
        async (db, note) => {
          const before = await readEntry(db, workerId)
          if (before.worker.standing === 'approved' && before.assignment) return before
          const now = clock.now()
          await db
            .updateTable('workers')
            // What it said before it had blocks says nothing about the ones that it gets now.
            .set({ standing: 'approved', ...(before.assignment ? {} : { reported_status: 'registered' }) })
            .where('worker_id', '=', workerId)
            .execute()
          const network = await settings.readWith(db)
          const why = network.model
            ? await assignOne(db, {
                workerId,
                model: network.model,
                rules: rulesOf(network.model, network, options.maxReplicas),
                now,
              })
            : 'no model is hosted yet'
          await note({
            worker_id: workerId,
            decision: 'approved',
            reason: reason ? `${reason}. ${sentence(why)}` : why,
            decided_by: decidedBy,
            decided_at: now,
          })
          const after = await readEntry(db, workerId)
          await writeMember(db, after.worker)
          return after
        },
        { durable: true, lock: 'planning' },
      ),
    reject: (workerId, reason, decidedBy) =>
      decide(
        options,
        async (db, note) => {
          const before = await readEntry(db, workerId)
          if (before.worker.standing === 'rejected') return before
          await db
            .updateTable('workers')
            .set({ standing: 'rejected', assignment_note: '' })
            .where('worker_id', '=', workerId)
            .execute()
          await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
          await note({
            worker_id: workerId,
            decision: 'rejected',
            reason: reason ?? '',
            decided_by: decidedBy,
            decided_at: clock.now(),
          })
          const after = await readEntry(db, workerId)
          await writeMember(db, after.worker)
          return after
        },
        { durable: true, lock: 'planning' },
      ),
    revoke: (workerId, decidedBy) =>
      decide(
        options,
        async (db, note) => {
          const worker = await findWorker(db, workerId)
          if (worker?.standing !== 'approved') return
          await db
            .updateTable('workers')
            .set({ standing: 'pending', assignment_note: '' })
            .where('worker_id', '=', workerId)
            .execute()
          await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
          await removeMember(db, workerId)
          await note({
            worker_id: workerId,
            decision: 'revoked',
            reason: 'its access token was revoked',
            decided_by: decidedBy,
            decided_at: clock.now(),
          })
        },
        { durable: true, lock: 'planning' },
      ),
  }
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
