import type { Clock } from '../src-shared/clock'
import { type AssignmentChoice, chooseBlocks } from './assign-blocks'
import type { CoordinatorQueries } from './database/tables'
import type { HostedModel } from './hosted-model'
import { noteDecision, type RosterEntry, readEntry } from './roster-entries'

export interface Approval {
  /** Approves and assigns blocks. A worker that has blocks keeps them. Throws COORDINATOR_UNKNOWN_WORKER. */
  approve(workerId: string, reason: string | undefined, decidedBy: string): Promise<RosterEntry>
  /** Rejects and takes the blocks back. Throws COORDINATOR_UNKNOWN_WORKER. */
  reject(workerId: string, reason: string | undefined, decidedBy: string): Promise<RosterEntry>
  targetWorkers(): Promise<number>
  /** Counts for later assignments; workers keep the blocks that they have. */
  setTargetWorkers(count: number): Promise<void>
}

export interface ApprovalOptions {
  db: CoordinatorQueries
  clock: Clock
  /** Workers are assigned blocks of the first one. */
  models: readonly HostedModel[]
  /** Until the host sets another number. */
  defaultTargetWorkers: number
}

/** The host's decisions, and which blocks follow from them. */
export function createApproval(options: ApprovalOptions): Approval {
  const { clock } = options

  async function targetWorkers(db: CoordinatorQueries): Promise<number> {
    const row = await db.selectFrom('settings').select('value').where('name', '=', 'target_workers').executeTakeFirst()
    return row ? Number(row.value) : options.defaultTargetWorkers
  }

  async function choose(
    db: CoordinatorQueries,
    model: HostedModel,
    requestedBlocks: number | null,
  ): Promise<AssignmentChoice> {
    const live = await db
      .selectFrom('assignments')
      .innerJoin('workers', 'workers.worker_id', 'assignments.worker_id')
      .select(['start_block as start', 'end_block as end'])
      .where('model_name', '=', model.name)
      .where('is_live', '=', 1)
      .execute()
    const { blockCount, period } = model
    return chooseBlocks({ blockCount, period, targetWorkers: await targetWorkers(db), live, requestedBlocks })
  }

  return {
    approve: (workerId, reason, decidedBy) =>
      options.db.transaction().execute(async (db) => {
        const before = await readEntry(db, workerId)
        if (before.worker.standing === 'approved' && before.assignment) return before
        const now = clock.now()
        const model = options.models[0]
        const choice = model
          ? await choose(db, model, before.worker.requested_layers)
          : { range: null, reason: 'no model is hosted yet' }
        await db.updateTable('workers').set({ standing: 'approved' }).where('worker_id', '=', workerId).execute()
        if (model && choice.range) {
          await db
            .insertInto('assignments')
            .values({
              worker_id: workerId,
              model_name: model.name,
              start_block: choice.range.start,
              end_block: choice.range.end,
              reason: choice.reason,
              assigned_at: now,
            })
            .execute()
        }
        await noteDecision(db, {
          worker_id: workerId,
          decision: 'approved',
          reason: [reason, choice.reason].filter(Boolean).join('. '),
          decided_by: decidedBy,
          decided_at: now,
        })
        return readEntry(db, workerId)
      }),
    reject: (workerId, reason, decidedBy) =>
      options.db.transaction().execute(async (db) => {
        const before = await readEntry(db, workerId)
        if (before.worker.standing === 'rejected') return before
        await db.updateTable('workers').set({ standing: 'rejected' }).where('worker_id', '=', workerId).execute()
        await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
        await noteDecision(db, {
          worker_id: workerId,
          decision: 'rejected',
          reason: reason ?? '',
          decided_by: decidedBy,
          decided_at: clock.now(),
        })
        return readEntry(db, workerId)
      }),
    targetWorkers: () => targetWorkers(options.db),
    async setTargetWorkers(count) {
      const value = String(count)
      await options.db
        .insertInto('settings')
        .values({ name: 'target_workers', value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute()
    },
  }
}
