import { createHash, randomBytes } from 'node:crypto'
import type { FeedDecision, FeedUsage, FeedWorker, NetworkPart } from '../../src-dashboard/feed'
import type { CoordinatorQueries } from '../database/tables'
import { networkHealth, networkInfo, networkStats } from '../network-documents'
import { listEntries, totalTokens } from '../roster-entries'
import type { RouteContext } from '../routes/route-context'
import { workerDocument } from '../worker-documents'
import type { FeedDocuments } from './feed-mask'

const DECISIONS = 50
const USAGE = 15
// Rows must be told apart where ids are masked, and a key must not help to guess the id.
const salt = randomBytes(16)

export async function readFeedDocuments(context: RouteContext): Promise<FeedDocuments> {
  const db = context.database.queries
  const entries = await listEntries(db)
  const [tokens, settings, decisions, usage] = await Promise.all([
    totalTokens(db),
    context.settings.read(),
    readDecisions(db),
    readUsage(db),
  ])
  const info = networkInfo(context, entries, [], settings)
  const health = networkHealth(entries, settings)
  const stats = networkStats(entries, tokens, settings)
  return {
    workers: entries.map((entry) => feedWorker(workerDocument(entry))),
    network: {
      model_name: info.model_name,
      total_layers: info.total_layers,
      online_workers: info.online_workers,
      coverage_percent: info.coverage_percent,
      ready_for_inference: info.ready_for_inference,
      quantization: info.quantization,
      target_workers: info.target_workers,
      total_tokens_served: stats.total_tokens_served,
      demo: context.isDemo,
      layers: health.layers.map((layer) => ({ workers: layer.workers, assigned: layer.x_assigned })),
    } satisfies NetworkPart,
    decisions,
    usage,
  }
}

/** Only what the page shows, so that addresses and the like stay where they are. */
function feedWorker(row: ReturnType<typeof workerDocument>): FeedWorker {
  return {
    key: keyOf(row.worker_id),
    worker_id: row.worker_id,
    nickname: row.nickname,
    hardware_type: row.hardware_type,
    device_name: row.device_name,
    vram_gb: row.vram_gb,
    status: row.status,
    layers_start: row.layers_start,
    layers_end: row.layers_end,
    tokens_served: row.tokens_served,
    x_serving: row.x_serving,
    x_reported_status: row.x_reported_status,
    x_registered_at_ms: row.x_registered_at_ms,
    x_last_seen_at_ms: row.x_last_seen_at_ms,
    x_assignment_reason: row.x_assignment_reason,
    ...('x_decision' in row ? { x_decision: row.x_decision } : {}),
  }
}

async function readDecisions(db: CoordinatorQueries): Promise<FeedDecision[]> {
  const rows = await db
    .selectFrom('decisions')
    .leftJoin('workers', 'workers.worker_id', 'decisions.worker_id')
    .select([
      'decisions.decision_id as id',
      'decisions.worker_id as worker_id',
      'workers.nickname as nickname',
      'decision',
      'reason',
      'decided_by as by',
      'decided_at as at',
    ])
    .orderBy('decision_id', 'desc')
    .limit(DECISIONS)
    .execute()
  return rows
}

async function readUsage(db: CoordinatorQueries): Promise<FeedUsage[]> {
  const rows = await db
    .selectFrom('usage_log')
    .select(['user_id', 'prompt_tokens', 'completion_tokens', 'worker_ids', 'logged_at as at'])
    .orderBy('usage_id', 'desc')
    .limit(USAGE)
    .execute()
  return rows.map(({ worker_ids, ...row }) => ({ ...row, worker_count: countOf(worker_ids) }))
}

function countOf(jsonArray: string): number {
  try {
    const list: unknown = JSON.parse(jsonArray)
    return Array.isArray(list) ? list.length : 0
  } catch {
    return 0
  }
}

function keyOf(workerId: string): string {
  return createHash('sha256').update(salt).update(workerId).digest('base64url').slice(0, 16)
}
