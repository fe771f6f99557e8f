import { z } from 'zod'
import type { BlockRange } from '../../src-shared/blocks'
import { plainText } from './plain-text'

// What worker and coordinator say to each other, once for both sides. Requests are strict: we write them.
// Replies are read leniently, because the coordinator may be somebody else's program that knows only the
// documented fields; everything of ours begins with `x_`, is optional, and is dropped when it makes no sense.

/** No model has this many; a larger number is a broken or hostile answer. */
export const MAX_LAYERS = 10_000
const MAX_PEERS = 256
const MAX_PEER_LENGTH = 512

const line = (max: number) => z.string().transform((text) => plainText(text, max))

const WORKER_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/
export const WorkerIdSchema = z.string().regex(WORKER_ID)

/** As the schema, without the price of a parse: asked of every request. */
export function isWorkerId(value: unknown): value is string {
  return typeof value === 'string' && WORKER_ID.test(value)
}

export const WorkerRegistrationSchema = z.object({
  worker_id: WorkerIdSchema,
  nickname: z.string().max(200).pipe(line(64)),
  hardware_type: z.string().max(200).pipe(line(40)),
  device_name: z.string().max(400).pipe(line(120)),
  /** GiB of memory that the worker offers; 0 for CPU. */
  vram_gb: z.number().min(0).max(100_000),
  requested_layers: z.int().min(1).max(MAX_LAYERS).nullish(),
  x_peer_id: z
    .string()
    .regex(/^[\w-]{1,120}$/)
    .optional(),
  x_multiaddrs: z.array(z.string().max(MAX_PEER_LENGTH)).max(32).optional(),
  /** Bytes that the worker offers for blocks, also where they are not on a graphics card. */
  x_memory_bytes: z.int().min(0).optional(),
  x_demo: z.boolean().optional(),
  /** A person asked to be considered again after a rejection. */
  x_reapply: z.boolean().optional(),
  /** The signed part of an invite link: whoever has one is approved at once. */
  x_invite: z.string().min(1).max(1_200).optional(),
})
export type WorkerRegistration = z.input<typeof WorkerRegistrationSchema>

export const WorkerHeartbeatSchema = z.object({
  worker_id: WorkerIdSchema,
  tokens_served_since_last: z.int().min(0).max(1_000_000_000),
  status: z.string().min(1).max(100).pipe(line(40)),
  /** Grows by one with every new delta. The same number again is the same delta again, and counts once. */
  x_seq: z.int().min(1).optional(),
  /** Requests answered since the last one: part of the same numbered delta. */
  x_requests_served_since_last: z.int().min(0).max(1_000_000_000).optional(),
  /** Measured by the worker: single-token steps per second and block. */
  x_block_steps_per_s: z.number().positive().max(1e9).optional(),
})
export type WorkerHeartbeat = z.input<typeof WorkerHeartbeatSchema>

export const DecisionBodySchema = z.object({ reason: z.string().max(2000).pipe(line(300)).optional() }).nullish()

/** What a reply says about a worker: the common part of the answers to register and heartbeat. */
export interface WorkerAnswer {
  /** The coordinator's own word, lower case: `status` (register) or `worker_status` (heartbeat). */
  status: string
  isIdle: boolean | null
  /** Null when no blocks are assigned. */
  range: BlockRange | null
  modelName: string | null
  /** Raw strings, unchecked: the network room parses each on its own. Null when the reply has no list. */
  initialPeers: string[] | null
  decision: { reason: string; by: string; at: number | null } | null
  manifestSha256: string | null
  heartbeatIntervalMs: number | null
  offlineAfterMs: number | null
  isDemo: boolean | null
  /** The last delta that the coordinator counted; null from one that knows no sequence numbers. */
  lastSeq: number | null
  /** What membership grants, unchecked: the membership room validates it. Null from one that grants nothing. */
  capability: unknown
}

const layer = z.int().min(0).max(MAX_LAYERS).nullish()
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

const answerShape = z.object({
  status: z.string().min(1).max(100).optional(),
  worker_status: z.string().min(1).max(100).optional(),
  layers_start: layer,
  layers_end: layer,
  model_name: z.string().max(400).nullish(),
  initial_peers: z.array(z.unknown()).max(10_000).nullish(),
  is_idle: z.boolean().nullish(),
  x_decision: optional(z.object({ reason: z.string(), by: z.string(), at: z.number().nullish() }).nullable()),
  x_manifest_sha256: optional(z.string().regex(/^[0-9a-f]{64}$/)),
  x_heartbeat_interval_ms: optional(z.number().min(100).max(300_000)),
  x_offline_after_ms: optional(z.number().min(200).max(3_600_000)),
  x_demo: optional(z.boolean()),
  x_last_seq: optional(z.int().min(0)),
  x_capability: z.unknown().optional(),
})

function answerSchema(statusField: 'status' | 'worker_status') {
  return answerShape.transform((body, context): WorkerAnswer => {
    const status = body[statusField]
    if (status === undefined) {
      context.addIssue({ code: 'custom', path: [statusField], message: 'is missing' })
      return z.NEVER
    }
    const range = rangeOf(body.layers_start ?? null, body.layers_end ?? null)
    if (range === 'invalid') {
      context.addIssue({
        code: 'custom',
        path: ['layers_start'],
        message: `${body.layers_start ?? 'none'} to ${body.layers_end ?? 'none'} is not a range`,
      })
      return z.NEVER
    }
    return {
      status: plainText(status, 40).toLowerCase(),
      isIdle: body.is_idle ?? null,
      range,
      modelName: plainText(body.model_name ?? '', 200) || null,
      initialPeers: body.initial_peers ? peerStrings(body.initial_peers) : null,
      decision: body.x_decision
        ? {
            reason: plainText(body.x_decision.reason, 300),
            by: plainText(body.x_decision.by, 80),
            at: body.x_decision.at ?? null,
          }
        : null,
      manifestSha256: body.x_manifest_sha256 ?? null,
      heartbeatIntervalMs: body.x_heartbeat_interval_ms ?? null,
      offlineAfterMs: body.x_offline_after_ms ?? null,
      isDemo: body.x_demo ?? null,
      lastSeq: body.x_last_seq ?? null,
      capability: body.x_capability ?? null,
    }
  })
}

/** Answer to POST /workers/register. */
export const RegisterReplySchema = answerSchema('status')
/** Answer to POST /workers/heartbeat. */
export const HeartbeatReplySchema = answerSchema('worker_status')

/** 0 to 0 is how a server with plain integer fields says "none"; any other empty range is a mistake. */
function rangeOf(start: number | null, end: number | null): BlockRange | null | 'invalid' {
  if ((start === null && end === null) || (start === 0 && end === 0)) return null
  return start === null || end === null || end <= start ? 'invalid' : { start, end }
}

function peerStrings(entries: readonly unknown[]): string[] {
  return entries
    .filter((entry): entry is string => typeof entry === 'string' && entry.length <= MAX_PEER_LENGTH)
    .slice(0, MAX_PEERS)
}

/** Answer to GET /network/info. Only the model's name and size must be there. */
export const NetworkInfoReplySchema = z
  .object({
    model_name: z.string().max(400).nullable(),
    total_layers: z.int().min(0).max(MAX_LAYERS),
    bootstrap_peers: z.array(z.unknown()).max(10_000).nullish(),
    x_bootstrap_peers: optional(z.array(z.unknown()).max(256)),
    online_workers: optional(z.int().min(0).nullable()),
    coverage_percent: optional(z.number().min(0).max(100).nullable()),
    ready_for_inference: optional(z.boolean().nullable()),
    quantization: optional(z.string().max(100).nullable()),
    target_workers: optional(z.int().min(0).nullable()),
    x_demo: optional(z.boolean()),
  })
  .transform((body) => ({
    modelName: plainText(body.model_name ?? '', 200) || null,
    totalLayers: body.total_layers,
    // The document's list holds workers too; ours also says which are the network's own.
    bootstrapPeers: peerStrings(body.x_bootstrap_peers ?? body.bootstrap_peers ?? []),
    /** As documented, unsorted: this node itself may be in it, at an address that the coordinator believes. */
    listedPeers: peerStrings(body.bootstrap_peers ?? []),
    namesBootstraps: body.x_bootstrap_peers !== undefined,
    onlineWorkers: body.online_workers ?? null,
    coveragePercent: body.coverage_percent ?? null,
    readyForInference: body.ready_for_inference ?? null,
    quantization: body.quantization ? plainText(body.quantization, 40) : null,
    targetWorkers: body.target_workers ?? null,
    isDemo: body.x_demo ?? null,
  }))
export type NetworkInfo = z.output<typeof NetworkInfoReplySchema>

/** Answer to GET /models: what the coordinator hosts a manifest for. */
export const ModelListReplySchema = z
  .object({
    models: z
      .array(
        z.object({
          name: z.string().min(1).max(200),
          total_layers: z.int().min(1).max(MAX_LAYERS),
          period: z.int().min(1).max(MAX_LAYERS),
          quantization: z.string().max(100),
          manifest_sha256: z.string().regex(/^[0-9a-f]{64}$/),
          x_size_bytes: z.int().min(1).optional(),
          x_block_bytes: z.int().min(1).optional(),
        }),
      )
      .max(1000),
  })
  .transform(({ models }) =>
    models.map((model) => ({
      name: plainText(model.name, 200),
      blockCount: model.total_layers,
      period: model.period,
      quantization: plainText(model.quantization, 40),
      manifestSha256: model.manifest_sha256,
      /** Of the whole file, and of its largest block; null where a coordinator does not say. */
      sizeBytes: model.x_size_bytes ?? null,
      blockBytes: model.x_block_bytes ?? null,
    })),
  )
export type HostedModelInfo = z.output<typeof ModelListReplySchema>[number]

/** Answer to POST /invites/check. */
export const InviteReplySchema = z.object({ expires_at_ms: z.number().min(0).max(1e15) })

/** Any JSON object is a healthy answer to GET /: its fields are not documented. */
export const HealthReplySchema = z.record(z.string(), z.unknown())
