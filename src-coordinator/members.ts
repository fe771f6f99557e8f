import type { CoordinatorQueries, WorkerRow } from './database/tables'

// The peers that others may be told of. Every change is written through in the transaction of what caused it, so
// that a restart finds the list as it was.

export interface Member {
  workerId: string
  peerId: string
  /** As the worker gave them, unchecked. */
  multiaddrs: readonly string[]
  lastSeenAt: number
}

/** Whether a worker belongs into the list: approved, and known by peer id and address. */
export function isMember(worker: Pick<WorkerRow, 'standing' | 'peer_id' | 'multiaddrs' | 'is_live'>): boolean {
  return worker.standing === 'approved' && worker.is_live === 1 && worker.peer_id !== null && worker.multiaddrs !== '[]'
}

/** Adds, refreshes or takes out one worker, as its row now says. A peer id that another worker holds stays its. */
export async function writeMember(db: CoordinatorQueries, worker: WorkerRow): Promise<void> {
  if (!isMember(worker)) return removeMember(db, worker.worker_id)
  const entry = { worker_id: worker.worker_id, data: memberData(worker), last_seen: worker.last_seen_at }
  await db
    .insertInto('members')
    .values({ node_id: worker.peer_id ?? '', ...entry })
    .onConflict((conflict) =>
      conflict.column('node_id').doUpdateSet(entry).where('members.worker_id', '=', worker.worker_id),
    )
    .execute()
}

export async function removeMember(db: CoordinatorQueries, workerId: string): Promise<void> {
  await db.deleteFrom('members').where('worker_id', '=', workerId).execute()
}

/** Takes out all that were last heard before `before`, in one statement: all of them or, when it fails, none. */
export async function pruneMembers(db: CoordinatorQueries, before: number): Promise<string[]> {
  const gone = await db.deleteFrom('members').where('last_seen', '<', before).returning('worker_id').execute()
  return gone.map(({ worker_id }) => worker_id)
}

/** The lately heard first. */
export async function listMembers(db: CoordinatorQueries, limit = 64): Promise<Member[]> {
  const rows = await db.selectFrom('members').selectAll().orderBy('last_seen', 'desc').limit(limit).execute()
  return rows.map(({ node_id, worker_id, data, last_seen }) => ({
    workerId: worker_id,
    peerId: node_id,
    multiaddrs: addressesOf(data),
    lastSeenAt: last_seen,
  }))
}

export function memberData({ multiaddrs }: Pick<WorkerRow, 'multiaddrs'>): string {
  return `{"multiaddrs":${multiaddrs}}`
}

function addressesOf(data: string): string[] {
  const parsed: unknown = JSON.parse(data)
  const list = typeof parsed === 'object' && parsed !== null && 'multiaddrs' in parsed ? parsed.multiaddrs : []
  return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : []
}
