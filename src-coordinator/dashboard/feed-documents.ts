import { createHash, randomBytes } from 'node:crypto'
import type { FeedLoad, FeedWorker, NetworkPart } from '../../src-dashboard/feed'
import { listDecisions } from '../decisions'
import { networkHealth, networkInfo, networkStats } from '../network-documents'
import { listEntries } from '../roster-entries'
import type { RouteContext } from '../routes/route-context'
import { totalServed } from '../served'
import { recentUsage } from '../usage-log'
import { workerDocument } from '../worker-documents'
import type { FeedDocuments } from './feed-mask'

const DECISIONS = 50
const USAGE = 15
// Rows must be told apart where ids are masked, and a key must not help to guess the id.
const salt = randomBytes(16)

export async function readFeedDocuments(context: RouteContext): Promise<FeedDocuments> {
  const db = context.database.queries
  const [entries, served, settings, decisions, usage] = await Promise.all([
    listEntries(db),
    totalServed(db),
    context.settings.read(),
    listDecisions(db, { limit: DECISIONS }),
    recentUsage(context.database, USAGE),
  ])
  const info = networkInfo(context, entries, [], settings)
  const health = networkHealth(entries, settings)
  const stats = networkStats(entries, served, settings)
  const nameOf = new Map(entries.map(({ worker }) => [worker.worker_id, worker.nickname]))
  return {
    workers: entries.map((entry) => feedWorker(workerDocument(entry), context.loads?.view(entry.worker.worker_id))),
    network: {
      model_name: info.model_name,
      total_layers: info.total_layers,
      online_workers: info.online_workers,
      coverage_percent: info.coverage_percent,
      ready_for_inference: info.ready_for_inference,
      quantization: info.quantization,
      quantizations: [...new Set(context.models.map(({ quantization }) => quantization))],
      target_workers: info.target_workers,
      total_tokens_served: stats.total_tokens_served,
      demo: context.isDemo,
      layers: health.layers.map((layer) => ({ workers: layer.workers, assigned: layer.x_assigned })),
    } satisfies NetworkPart,
    decisions: decisions.map(({ decision_id, decided_by, decided_at, ...row }) => ({
      ...row,
      id: decision_id,
      nickname: nameOf.get(row.worker_id) ?? null,
      by: decided_by,
      at: decided_at,
    })),
    usage: usage.map(({ user_id, prompt_tokens, completion_tokens, worker_ids, logged_at }) => ({
      user_id,
      prompt_tokens,
      completion_tokens,
      worker_count: countOf(worker_ids),
      at: logged_at,
    })),
  }
}

/** Only what the page shows, so that addresses and the like stay where they are. */
function feedWorker(row: ReturnType<typeof workerDocument>, load: FeedLoad | null | undefined): FeedWorker {
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
    x_requests_served: row.x_requests_served,
    x_serving: row.x_serving,
    x_reported_status: row.x_reported_status,
    x_registered_at_ms: row.x_registered_at_ms,
    x_last_seen_at_ms: row.x_last_seen_at_ms,
    x_assignment_reason: row.x_assignment_reason,
    ...(load ? { x_load: load } : {}),
    ...('x_decision' in row ? { x_decision: row.x_decision } : {}),
  }
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
