import * as z from 'zod/mini'

// What GET /events says. Its parts are the documents of the coordinator's own endpoints, so that page, scripts and
// feed can never tell different stories. Unknown fields are dropped; what is missing is shown as not known.

const MAX_WORKERS = 10_000
const text = (max: number) => z.string().check(z.maxLength(max))
const count = z.number().check(z.minimum(0))
const block = z.nullish(z.int().check(z.minimum(0), z.maximum(10_000)))

export const DecisionMadeSchema = z.object({ reason: text(2_000), by: text(200), at: z.nullish(z.number()) })

/** What became of the last LOAD_SHARD to a worker since it got its blocks; for the host. */
export const FeedLoadSchema = z.object({
  /**
   * `sending`, `answered`, `refused` (or not reached, after the last attempt), `cancelling`, `cancelled`,
   * `uncancelled` (it goes on loading).
   */
  state: text(40),
  /** The one under way or the last, from 1. */
  attempt: z.int(),
  attempts: z.int(),
  at: z.number(),
  /** By the host, and not by the coordinator when it gave the blocks. */
  isAsked: z.boolean(),
  /** The worker's own word: `loading`, `downloading`, `already_loaded`. */
  answer: z.optional(text(60)),
  /** Bytes that it had when it answered that it downloads. */
  done: z.optional(count),
  total: z.optional(count),
  /** Of the last attempt, or of the cancellation. */
  trouble: z.optional(z.object({ code: text(80), cause: text(2_000), action: text(1_000) })),
})
export type FeedLoad = z.infer<typeof FeedLoadSchema>

/** One row of GET /workers, with a key that tells rows apart where their ids are masked. */
export const FeedWorkerSchema = z.object({
  key: text(80),
  worker_id: text(80),
  nickname: text(200),
  hardware_type: text(100),
  device_name: text(200),
  vram_gb: count,
  status: text(100),
  layers_start: block,
  layers_end: block,
  tokens_served: count,
  x_requests_served: z.optional(count),
  x_serving: z.optional(z.boolean()),
  x_reported_status: z.nullish(text(100)),
  x_registered_at_ms: z.nullish(z.number()),
  x_last_seen_at_ms: z.nullish(z.number()),
  x_assignment_reason: z.nullish(text(1_000)),
  x_decision: z.optional(z.nullable(DecisionMadeSchema)),
  x_load: z.optional(FeedLoadSchema),
})
export type FeedWorker = z.infer<typeof FeedWorkerSchema>

export const FeedDecisionSchema = z.object({
  id: z.int(),
  worker_id: text(80),
  nickname: z.nullable(text(200)),
  decision: text(60),
  reason: text(2_000),
  by: text(200),
  at: z.number(),
})
export type FeedDecision = z.infer<typeof FeedDecisionSchema>

export const FeedUsageSchema = z.object({
  user_id: z.nullish(text(200)),
  prompt_tokens: count,
  completion_tokens: count,
  worker_count: z.int(),
  at: z.nullable(z.number()),
})
export type FeedUsage = z.infer<typeof FeedUsageSchema>

export const NetworkPartSchema = z.object({
  model_name: z.nullable(text(400)),
  total_layers: z.int().check(z.minimum(0), z.maximum(10_000)),
  online_workers: count,
  coverage_percent: count,
  ready_for_inference: z.boolean(),
  quantization: z.nullable(text(100)),
  /** Of the hosted models; only these can be chosen. */
  quantizations: z.array(text(100)).check(z.maxLength(100)),
  target_workers: z.nullable(z.int()),
  total_tokens_served: count,
  demo: z.boolean(),
  /** Workers that serve each block, by their own report, and workers to which it is assigned. */
  layers: z.array(z.object({ workers: z.int(), assigned: z.int() })).check(z.maxLength(10_000)),
})
export type NetworkPart = z.infer<typeof NetworkPartSchema>

const parts = {
  network: NetworkPartSchema,
  /** The newest first, at most 50. */
  decisions: z.array(FeedDecisionSchema).check(z.maxLength(200)),
  /** The newest first, at most 15. */
  usage: z.array(FeedUsageSchema).check(z.maxLength(200)),
}

/** Everything, at the beginning and whenever a reader has missed too much. */
export const SnapshotSchema = z.object({
  /** Who reads: the host sees whole ids and may decide. */
  view: z.enum(['host', 'reader']),
  /** Epoch ms on the coordinator's clock. */
  at: z.number(),
  workers: z.array(FeedWorkerSchema).check(z.maxLength(MAX_WORKERS)),
  ...parts,
})
export type Snapshot = z.infer<typeof SnapshotSchema>

/** What changed since the event before. */
export const ChangeSchema = z.object({
  at: z.number(),
  workers: z.array(FeedWorkerSchema).check(z.maxLength(MAX_WORKERS)),
  /** Keys of the rows that are no longer there. */
  gone: z.array(text(80)).check(z.maxLength(MAX_WORKERS)),
  network: z.optional(parts.network),
  decisions: z.optional(parts.decisions),
  usage: z.optional(parts.usage),
})
export type Change = z.infer<typeof ChangeSchema>

/** How often the coordinator says that it is there when there is nothing else to say. */
export const FEED_HEARTBEAT_MS = 10_000

export function applyChange(before: Snapshot, change: Change): Snapshot {
  const rows = new Map(before.workers.map((worker) => [worker.key, worker]))
  for (const key of change.gone) rows.delete(key)
  for (const worker of change.workers) rows.set(worker.key, worker)
  return {
    view: before.view,
    at: change.at,
    workers: change.workers.length + change.gone.length > 0 ? [...rows.values()] : before.workers,
    network: change.network ?? before.network,
    decisions: change.decisions ?? before.decisions,
    usage: change.usage ?? before.usage,
  }
}

export function blocksOf({ layers_start, layers_end }: FeedWorker): { start: number; end: number } | null {
  if (typeof layers_start !== 'number' || typeof layers_end !== 'number' || layers_end <= layers_start) return null
  return { start: layers_start, end: layers_end }
}
