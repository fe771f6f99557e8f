import { z } from 'zod'
import {
  DecisionBodySchema,
  WorkerHeartbeatSchema,
  WorkerIdSchema,
  WorkerRegistrationSchema,
} from '../../src-main/coordinator/coordinator-wire'
import type { ErrorCode } from '../../src-shared/error-catalogue'

/** What is said about one endpoint. Replies list the documented fields and ours (`x_`); more may be there. */
export interface Operation {
  tag: 'network' | 'workers' | 'models' | 'users' | 'membership' | 'dashboard'
  summary: string
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  reply: z.ZodType
  /** Of the reply, where it is not JSON. */
  contentType?: string
  errors: readonly (readonly [status: number, code: ErrorCode])[]
  /** Needs `Authorization: Bearer <admin token>`. */
  isAdmin?: boolean
}

const BAD = [400, 'BAD_ARGUMENT'] as const
const ADMIN = [401, 'COORDINATOR_ADMIN_ONLY'] as const
const UNKNOWN = [404, 'COORDINATOR_UNKNOWN_WORKER'] as const
const BUSY = [429, 'COORDINATOR_BUSY'] as const

const layer = z.int().min(0).nullable()
const workerParams = z.object({ id: WorkerIdSchema })

const decision = z.object({
  reason: z.string(),
  by: z.string().describe('Who decided'),
  at: z.number().describe('When, ms since the Unix epoch'),
})

const workerAnswer = (statusField: 'status' | 'worker_status') =>
  z.looseObject({
    [statusField]: z.string().describe('pending, online, offline, standby or rejected'),
    layers_start: layer.describe('First assigned block; null without an assignment'),
    layers_end: layer.describe('One past the last assigned block'),
    model_name: z.string().nullable(),
    initial_peers: z.array(z.string()).describe('Multiaddrs with /p2p/ of peers to begin with'),
    is_idle: z.boolean().describe('No blocks are assigned'),
    x_decision: decision.optional(),
    x_heartbeat_interval_ms: z.number().optional(),
    x_offline_after_ms: z.number().optional(),
    x_last_seq: z.int().optional().describe('The last token delta that was counted'),
    x_manifest_url: z.string().optional(),
    x_manifest_sha256: z.string().optional(),
  })

const workerRow = z.looseObject({
  worker_id: z.string().describe('Whole for the host; the first 8 characters for everybody else'),
  nickname: z.string(),
  hardware_type: z.string(),
  device_name: z.string(),
  vram_gb: z.number().describe('Memory offered, GiB; 0 for a processor'),
  requested_layers: z.int().nullable(),
  status: z.string(),
  layers_start: layer,
  layers_end: layer,
  model_name: z.string().nullable(),
  tokens_served: z.number(),
  x_serving: z.boolean().describe('The worker itself reports its blocks loaded and proved'),
  x_last_seen_at_ms: z.number(),
  x_assignment_reason: z.string().nullable().describe('Why it has these blocks, in words'),
  x_decision: decision.optional(),
})

const target = z.looseObject({ target_workers: z.int().min(1) })
const quantization = z.looseObject({ quantization: z.string() })

/** By method and Fastify path. A test compares it with the routes that are really there. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': {
    tag: 'network',
    summary: 'Whether the coordinator is there',
    reply: z.looseObject({ status: z.string(), message: z.string() }),
    errors: [BUSY],
  },
  'GET /network/info': {
    tag: 'network',
    summary: 'Model, peers to begin with, and whether the network can answer',
    reply: z.looseObject({
      model_name: z.string().nullable(),
      total_layers: z.int(),
      bootstrap_peers: z.array(z.string()),
      online_workers: z.int(),
      coverage_percent: z.number(),
      ready_for_inference: z.boolean(),
      quantization: z.string().nullable(),
      target_workers: z.int(),
      x_bootstrap_peers: z.array(z.string()).optional(),
      x_demo: z.boolean().optional(),
    }),
    errors: [BUSY],
  },
  'GET /network/health': {
    tag: 'network',
    summary: 'How many workers serve each block',
    reply: z.looseObject({
      total_layers: z.int(),
      coverage_percent: z.number(),
      ready_for_inference: z.boolean(),
      layers: z.array(z.looseObject({ layer: z.int(), workers: z.int(), x_assigned: z.int() })),
    }),
    errors: [BUSY],
  },
  'GET /network/stats': {
    tag: 'network',
    summary: 'Workers by state, and tokens served',
    reply: z.looseObject({
      total_workers: z.int(),
      online_workers: z.int(),
      pending_workers: z.int(),
      coverage_percent: z.number(),
      total_tokens_served: z.number(),
    }),
    errors: [BUSY],
  },
  'PUT /network/quantization': {
    tag: 'network',
    summary: 'Sets the quantization of new assignments',
    query: z.object({ mode: z.string().min(1).max(40) }),
    reply: quantization,
    errors: [BAD, ADMIN, BUSY],
    isAdmin: true,
  },
  'GET /network/target-workers': {
    tag: 'network',
    summary: 'Into how many ranges the model is cut; advice for new assignments',
    reply: target,
    errors: [BUSY],
  },
  'PUT /network/target-workers': {
    tag: 'network',
    summary: 'Sets that number',
    query: z.object({ count: z.int().min(1) }),
    reply: target,
    errors: [BAD, ADMIN, BUSY],
    isAdmin: true,
  },
  'GET /workers': {
    tag: 'workers',
    summary: 'Every worker, and why it has the blocks that it has',
    reply: z.looseObject({ workers: z.array(workerRow) }),
    errors: [BUSY],
  },
  'POST /workers/register': {
    tag: 'workers',
    summary: 'Registers a worker as pending; the same id again refreshes its details',
    body: WorkerRegistrationSchema,
    reply: workerAnswer('status'),
    errors: [BAD, [403, 'DEMO_CONFINED'], [409, 'WORKER_ID_TAKEN'], BUSY],
  },
  'POST /workers/heartbeat': {
    tag: 'workers',
    summary: 'Says that a worker lives, counts its tokens, and answers with the host’s decision',
    body: WorkerHeartbeatSchema,
    reply: workerAnswer('worker_status'),
    errors: [BAD, UNKNOWN, BUSY],
  },
  'POST /workers/:id/approve': {
    tag: 'workers',
    summary: 'Lets a worker in and assigns blocks',
    params: workerParams,
    body: DecisionBodySchema,
    reply: workerRow,
    errors: [BAD, ADMIN, UNKNOWN, BUSY],
    isAdmin: true,
  },
  'POST /workers/:id/reject': {
    tag: 'workers',
    summary: 'Turns a worker away and takes its blocks back',
    params: workerParams,
    body: DecisionBodySchema,
    reply: workerRow,
    errors: [BAD, ADMIN, UNKNOWN, BUSY],
    isAdmin: true,
  },
  'DELETE /workers/:id': {
    tag: 'workers',
    summary: 'A worker leaves',
    params: workerParams,
    reply: z.looseObject({ worker_id: z.string(), status: z.string() }),
    errors: [BAD, UNKNOWN, BUSY],
  },
  'GET /models': {
    tag: 'models',
    summary: 'The models that are hosted here',
    reply: z.looseObject({
      models: z.array(
        z.looseObject({
          name: z.string(),
          total_layers: z.int(),
          period: z.int(),
          quantization: z.string(),
          manifest_url: z.string(),
          manifest_sha256: z.string(),
        }),
      ),
    }),
    errors: [BUSY],
  },
  'GET /models/:name/manifest': {
    tag: 'models',
    summary: 'A model’s manifest, byte for byte',
    params: z.object({ name: z.string().min(1).max(200) }),
    reply: z.looseObject({ version: z.int(), name: z.string(), blockCount: z.int(), root: z.string() }),
    errors: [BAD, [404, 'MANIFEST_MISSING'], BUSY],
  },
  'GET /events': {
    tag: 'dashboard',
    summary: 'What the dashboard shows, live: a `snapshot` event, then `change` events; resumes from Last-Event-ID',
    reply: z.string(),
    contentType: 'text/event-stream',
    errors: [ADMIN, BUSY],
  },
  'GET /dashboard': {
    tag: 'dashboard',
    summary: 'The page for hosts and the curious',
    reply: z.string(),
    contentType: 'text/html',
    errors: [[503, 'BRIDGE_PAGE_MISSING'], BUSY],
  },
  'GET /dashboard/*': {
    tag: 'dashboard',
    summary: 'What the page is made of',
    reply: z.string(),
    contentType: 'text/html',
    errors: [[404, 'BAD_ARGUMENT'], [503, 'BRIDGE_PAGE_MISSING'], BUSY],
  },
  'GET /openapi.json': {
    tag: 'dashboard',
    summary: 'This document',
    reply: z.looseObject({ openapi: z.string() }),
    errors: [BUSY],
  },
}
