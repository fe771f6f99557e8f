import type { CoordinatorQueries, WorkerRow } from '../database/tables'
import { BY_COORDINATOR, type NoteDecision } from '../decisions'
import type { HostedModel } from '../hosted-model'
import type { NetworkSettings } from '../network-settings'
import { type AssignmentChange, chooseFor, type PlannedWorker, type PlanningRules } from './plan'

// Between the planner and the database. All of this runs in the caller's transaction, under the planning lock.

/** Part of a worker's memory that blocks may fill; the rest is for KV caches, buffers and everybody else. */
const MEMORY_FOR_BLOCKS = 0.8
const GIB = 2 ** 30

export function rulesOf(model: HostedModel, { targetWorkers }: NetworkSettings, maxReplicas: number): PlanningRules {
  return { blockCount: model.blockCount, period: model.period, targetWorkers, maxReplicas }
}

/** The most blocks of `model` that fit: by the worker's wish and by its memory. Null: nothing is known. */
export function maxBlocksOf(
  worker: Pick<WorkerRow, 'requested_layers' | 'memory_bytes' | 'vram_gb'>,
  { blockBytes }: HostedModel,
): number | null {
  // 0 GB of graphics memory says nothing about a node that computes on its processor.
  const memoryBytes = worker.memory_bytes ?? (worker.vram_gb > 0 ? worker.vram_gb * GIB : null)
  const fitting = memoryBytes !== null && blockBytes ? Math.floor((memoryBytes * MEMORY_FOR_BLOCKS) / blockBytes) : null
  if (fitting === null) return worker.requested_layers
  return worker.requested_layers === null ? fitting : Math.min(fitting, worker.requested_layers)
}

/** Living, approved workers of `model`, and those that have no blocks at all. */
export async function listPlannedWorkers(db: CoordinatorQueries, model: HostedModel): Promise<PlannedWorker[]> {
  const rows = await db
    .selectFrom('workers')
    .leftJoin('assignments', 'assignments.worker_id', 'workers.worker_id')
    .select([
      'workers.worker_id as worker_id',
      'requested_layers',
      'memory_bytes',
      'vram_gb',
      'block_steps_per_s',
      'reported_status',
      'model_name',
      'start_block',
      'end_block',
      'assigned_at',
    ])
    .where('standing', '=', 'approved')
    .where('is_live', '=', 1)
    .where((build) => build.or([build('model_name', 'is', null), build('model_name', '=', model.name)]))
    .orderBy('registered_at')
    .orderBy('workers.worker_id')
    .execute()
  const measured = rows.flatMap((row) => row.block_steps_per_s ?? []).sort((a, b) => a - b)
  // Who has not measured yet counts as an average one.
  const usual = measured[Math.floor(measured.length / 2)] ?? 1
  return rows.map((row) => ({
    workerId: row.worker_id,
    range: row.start_block !== null && row.end_block !== null ? { start: row.start_block, end: row.end_block } : null,
    maxBlocks: maxBlocksOf(row, model),
    speed: row.block_steps_per_s ?? usual,
    isServing: row.reported_status === 'online',
    assignedAt: row.assigned_at ?? 0,
  }))
}

/** Blocks for one worker beside the others; nobody else is moved. Resolves to why it has what it has. */
export async function assignOne(
  db: CoordinatorQueries,
  options: { workerId: string; model: HostedModel; rules: PlanningRules; now: number },
): Promise<string> {
  const workers = await listPlannedWorkers(db, options.model)
  const worker = workers.find(({ workerId }) => workerId === options.workerId)
  if (!worker) {
    const reason = 'it gets blocks when it reports again'
    await writeAssignment(db, { ...options, range: null, reason })
    return reason
  }
  const { range, reason } = chooseFor(worker, workers, options.rules)
  await writeAssignment(db, { ...options, range, reason })
  return reason
}

/** Writes what the planner decided, with an entry in the event log for whatever is new. */
export async function applyChanges(
  db: CoordinatorQueries,
  changes: readonly AssignmentChange[],
  { model, now, note }: { model: HostedModel; now: number; note: NoteDecision },
): Promise<number> {
  let written = 0
  for (const { workerId, kind, range, reason } of changes) {
    const isNew = await writeAssignment(db, { workerId, model, range, reason, now })
    if (!isNew) continue
    written += 1
    await note({ worker_id: workerId, decision: kind, reason, decided_by: BY_COORDINATOR, decided_at: now })
  }
  return written
}

/** False when the worker had just that, for that reason. */
async function writeAssignment(
  db: CoordinatorQueries,
  change: Pick<AssignmentChange, 'workerId' | 'range' | 'reason'> & { model: HostedModel; now: number },
): Promise<boolean> {
  const { workerId, range, reason, model, now } = change
  const had = await db
    .selectFrom('workers')
    .leftJoin('assignments', 'assignments.worker_id', 'workers.worker_id')
    .select(['assignment_note', 'model_name', 'start_block', 'end_block'])
    .where('workers.worker_id', '=', workerId)
    .executeTakeFirst()
  const isSame = range
    ? had?.model_name === model.name && had.start_block === range.start && had.end_block === range.end
    : had?.start_block == null && had?.assignment_note === reason
  if (isSame) return false
  await db.updateTable('workers').set({ assignment_note: reason }).where('worker_id', '=', workerId).execute()
  await db.deleteFrom('assignments').where('worker_id', '=', workerId).execute()
  if (range) {
    await db
      .insertInto('assignments')
      .values({
        worker_id: workerId,
        model_name: model.name,
        start_block: range.start,
        end_block: range.end,
        reason,
        assigned_at: now,
      })
      .execute()
  }
  return true
}
