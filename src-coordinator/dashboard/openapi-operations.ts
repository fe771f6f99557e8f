import { z } from 'zod'
import {
  DecisionBodySchema,
  WorkerHeartbeatSchema,
  WorkerIdSchema,
  WorkerRegistrationSchema,
} from '../../src-main/coordinator/coordinator-wire'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { DecisionsQuerySchema } from '../routes/decisions'
import { RecentQuerySchema, UsageLogSchema, UserRegistrationSchema } from '../routes/usage'

/** What is said about one endpoint. Replies list the documented fields and ours (`x_`); more may be there. */
export interface Operation {
  tag: 'network' | 'workers' | 'models' | 'users' | 'membership' | 'dashboard'
  summary: string
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  reply: z.ZodType
  /** Of the reply; 200 when not given. */
  status?: number
  /** Of the reply, where it is not JSON. */
  contentType?: string
  /** Their status is the server's own table's. */
  errors: readonly ErrorCode[]
  /** Needs `Authorization: Bearer <admin token>`. */
  isAdmin?: boolean
}

const SIGNED = ['REQUEST_UNSIGNED', 'REQUEST_SIGNATURE_INVALID', 'REQUEST_TIME_WRONG', 'REQUEST_REPLAYED'] as const

const LOAD_ERRORS = [
  'BAD_ARGUMENT',
  'COORDINATOR_ADMIN_ONLY',
  'COORDINATOR_UNKNOWN_WORKER',
  'LOAD_NOT_SENT',
  'COORDINATOR_BUSY',
] as const

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
  x_requests_served: z.number().optional().describe('Requests answered, as the worker counts them'),
  x_serving: z.boolean().describe('The worker itself reports its blocks loaded and proved'),
  x_last_seen_at_ms: z.number(),
  x_assignment_reason: z.string().nullable().describe('Why it has these blocks, in words'),
  x_decision: decision.optional(),
  x_load: z
    .looseObject({ state: z.string(), attempt: z.int(), attempts: z.int(), at: z.number() })
    .optional()
    .describe('For the host: what became of the last LOAD_SHARD since it got its blocks'),
})

const target = z.looseObject({ target_workers: z.int().min(1) })
const quantization = z.looseObject({ quantization: z.string() })

const user = z.looseObject({
  user_id: z.string(),
  nickname: z.string(),
  requests: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
})
const invite = z.looseObject({
  invite_id: z.string(),
  label: z.string(),
  state: z.string().describe('open, used, revoked or expired'),
  expires_at_ms: z.number(),
  redeemed_by: z.string().nullable(),
  link: z.string().nullable().describe('While it is open'),
})

/** By method and Fastify path. A test compares it with the routes that are really there. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': {
    tag: 'network',
    summary: 'Whether the coordinator is there',
    reply: z.looseObject({ status: z.string(), message: z.string(), x_network_id: z.string() }),
    errors: ['COORDINATOR_BUSY'],
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
    errors: ['COORDINATOR_BUSY'],
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
    errors: ['COORDINATOR_BUSY'],
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
      x_total_requests_served: z.number(),
    }),
    errors: ['COORDINATOR_BUSY'],
  },
  'PUT /network/quantization': {
    tag: 'network',
    summary: 'Sets the quantization of new assignments',
    query: z.object({ mode: z.string().min(1).max(40) }),
    reply: quantization,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'GET /network/target-workers': {
    tag: 'network',
    summary: 'Into how many ranges the model is cut; advice for new assignments',
    reply: target,
    errors: ['COORDINATOR_BUSY'],
  },
  'PUT /network/target-workers': {
    tag: 'network',
    summary: 'Sets that number',
    query: z.object({ count: z.int().min(1) }),
    reply: target,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'GET /workers': {
    tag: 'workers',
    summary: 'Every worker, and why it has the blocks that it has',
    reply: z.looseObject({ workers: z.array(workerRow) }),
    errors: ['COORDINATOR_BUSY'],
  },
  'POST /workers/register': {
    tag: 'workers',
    summary: 'Registers a worker as pending; the same id again refreshes its details',
    body: WorkerRegistrationSchema,
    reply: workerAnswer('status'),
    errors: [
      'BAD_ARGUMENT',
      ...SIGNED,
      'DEMO_CONFINED',
      'WORKER_ID_TAKEN',
      'INVITE_INVALID',
      'INVITE_EXPIRED',
      'INVITE_REVOKED',
      'INVITE_USED',
      'COORDINATOR_BUSY',
    ],
  },
  'POST /workers/heartbeat': {
    tag: 'workers',
    summary: 'Says that a worker lives, counts its tokens, and answers with the host’s decision',
    body: WorkerHeartbeatSchema,
    reply: workerAnswer('worker_status'),
    errors: ['BAD_ARGUMENT', ...SIGNED, 'COORDINATOR_UNKNOWN_WORKER', 'COORDINATOR_BUSY'],
  },
  'POST /workers/:id/approve': {
    tag: 'workers',
    summary: 'Lets a worker in and assigns blocks',
    params: workerParams,
    body: DecisionBodySchema,
    reply: workerRow,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'COORDINATOR_UNKNOWN_WORKER', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'POST /workers/:id/reject': {
    tag: 'workers',
    summary: 'Turns a worker away and takes its blocks back',
    params: workerParams,
    body: DecisionBodySchema,
    reply: workerRow,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'COORDINATOR_UNKNOWN_WORKER', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'POST /workers/:id/load': {
    tag: 'workers',
    summary: 'Sends LOAD_SHARD to a worker again; what comes of it stands in x_load, an answer in the decisions',
    params: workerParams,
    reply: workerRow,
    errors: LOAD_ERRORS,
    isAdmin: true,
  },
  'DELETE /workers/:id/load': {
    tag: 'workers',
    summary: 'Takes LOAD_SHARD back (CANCEL), and answers when the worker has; x_load says what came of it',
    params: workerParams,
    reply: workerRow,
    errors: LOAD_ERRORS,
    isAdmin: true,
  },
  'DELETE /workers/:id': {
    tag: 'workers',
    summary: 'A worker leaves, or the host takes it off the list, with a reason',
    params: workerParams,
    body: DecisionBodySchema,
    reply: z.looseObject({ worker_id: z.string(), status: z.string() }),
    errors: ['BAD_ARGUMENT', ...SIGNED, 'COORDINATOR_UNKNOWN_WORKER', 'COORDINATOR_BUSY'],
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
    errors: ['COORDINATOR_BUSY'],
  },
  'GET /models/:name/manifest': {
    tag: 'models',
    summary: 'A model’s manifest, byte for byte',
    params: z.object({ name: z.string().min(1).max(200) }),
    reply: z.looseObject({ version: z.int(), name: z.string(), blockCount: z.int(), root: z.string() }),
    errors: ['BAD_ARGUMENT', 'MANIFEST_MISSING', 'COORDINATOR_BUSY'],
  },
  'GET /decisions': {
    tag: 'network',
    summary: 'The event log, the newest first: who decided what, when and why',
    query: DecisionsQuerySchema,
    reply: z.looseObject({
      decisions: z.array(
        z.looseObject({
          decision_id: z.int(),
          worker_id: z.string(),
          decision: z.string(),
          reason: z.string(),
          by: z.string(),
          at_ms: z.number(),
        }),
      ),
    }),
    errors: ['BAD_ARGUMENT', 'COORDINATOR_BUSY'],
  },
  'POST /users/register': {
    tag: 'users',
    summary: 'Adds a user of clients; with the same id again, the first name stays unless the host asks',
    body: UserRegistrationSchema,
    reply: user,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_BUSY'],
  },
  'GET /users/:id': {
    tag: 'users',
    summary: 'A user, and what its clients reported',
    params: z.object({ id: z.string() }),
    reply: user,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_UNKNOWN_USER', 'COORDINATOR_BUSY'],
  },
  'POST /usage/log': {
    tag: 'users',
    summary: 'A client reports one request',
    body: UsageLogSchema,
    reply: z.looseObject({ status: z.string(), x_counted: z.boolean() }),
    errors: ['BAD_ARGUMENT', 'COORDINATOR_UNKNOWN_USER', 'COORDINATOR_BUSY'],
  },
  'GET /usage/recent': {
    tag: 'users',
    summary: 'The latest reports; ids are masked for everybody but the host',
    query: RecentQuerySchema,
    reply: z.looseObject({
      usage: z.array(
        z.looseObject({
          user_id: z.string(),
          prompt_tokens: z.number(),
          completion_tokens: z.number(),
          worker_ids: z.array(z.string()),
          x_logged_at_ms: z.number(),
        }),
      ),
    }),
    errors: ['BAD_ARGUMENT', 'COORDINATOR_BUSY'],
  },
  'POST /invites': {
    tag: 'membership',
    summary: 'Makes an invite: a link that lets one worker in, once',
    body: z.object({ label: z.string().max(2_000).optional(), expires_in_s: z.int().min(60).optional() }).nullish(),
    reply: invite,
    status: 201,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'GET /invites': {
    tag: 'membership',
    summary: 'All invites and what became of them',
    reply: z.looseObject({ invites: z.array(invite) }),
    errors: ['COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'POST /invites/check': {
    tag: 'membership',
    summary: 'Whether an invite would let somebody in; uses nothing up',
    body: z.object({ invite: z.string().min(1).max(1_200) }),
    reply: z.looseObject({ ok: z.literal(true), expires_at_ms: z.number() }),
    errors: ['BAD_ARGUMENT', 'INVITE_INVALID', 'INVITE_EXPIRED', 'INVITE_REVOKED', 'INVITE_USED', 'COORDINATOR_BUSY'],
  },
  'DELETE /invites/:invite_id': {
    tag: 'membership',
    summary: 'Takes an invite back',
    params: z.object({ invite_id: z.string() }),
    reply: invite,
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'INVITE_UNKNOWN', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'GET /invites/:invite_id/qr.svg': {
    tag: 'membership',
    summary: 'An open invite as a QR code',
    params: z.object({ invite_id: z.string() }),
    reply: z.string(),
    contentType: 'image/svg+xml',
    errors: [
      'BAD_ARGUMENT',
      'COORDINATOR_ADMIN_ONLY',
      'INVITE_UNKNOWN',
      'INVITE_USED',
      'INVITE_EXPIRED',
      'INVITE_REVOKED',
      'COORDINATOR_BUSY',
    ],
    isAdmin: true,
  },
  'GET /tokens': {
    tag: 'membership',
    summary: 'The capability tokens that were issued',
    reply: z.looseObject({
      tokens: z.array(
        z.looseObject({
          jti: z.string(),
          worker_id: z.string().nullable(),
          expires_at_ms: z.number(),
          revoked_at_ms: z.number().nullable(),
        }),
      ),
    }),
    errors: ['COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'DELETE /tokens/:jti': {
    tag: 'membership',
    summary: 'Revokes a capability token',
    params: z.object({ jti: z.string() }),
    reply: z.looseObject({ jti: z.string(), status: z.string() }),
    errors: ['BAD_ARGUMENT', 'COORDINATOR_ADMIN_ONLY', 'TOKEN_UNKNOWN', 'COORDINATOR_BUSY'],
    isAdmin: true,
  },
  'GET /tokens/keys': {
    tag: 'membership',
    summary: 'The public keys that capability tokens are checked with',
    reply: z.looseObject({
      network_id: z.string(),
      members_only: z.boolean(),
      keys: z.array(z.looseObject({ kid: z.string() })),
    }),
    errors: ['COORDINATOR_BUSY'],
  },
  'POST /tokens/check': {
    tag: 'membership',
    summary: 'Checks a capability token for programs that do not check signatures; 403 names what is wrong with it',
    body: z.object({ token: z.string(), subject: z.string(), model: z.string() }),
    reply: z.looseObject({ ok: z.boolean(), expires_at_ms: z.number() }),
    errors: ['BAD_ARGUMENT', 'COORDINATOR_BUSY'],
  },
  'GET /events': {
    tag: 'dashboard',
    summary: 'What the dashboard shows, live: a `snapshot` event, then `change` events; resumes from Last-Event-ID',
    reply: z.string(),
    contentType: 'text/event-stream',
    errors: ['COORDINATOR_ADMIN_ONLY', 'COORDINATOR_BUSY'],
  },
  'GET /dashboard': {
    tag: 'dashboard',
    summary: 'The page for hosts and the curious',
    reply: z.string(),
    contentType: 'text/html',
    errors: ['BRIDGE_PAGE_MISSING', 'COORDINATOR_BUSY'],
  },
  'GET /dashboard/*': {
    tag: 'dashboard',
    summary: 'What the page is made of',
    reply: z.string(),
    contentType: 'text/html',
    errors: ['BAD_ARGUMENT', 'BRIDGE_PAGE_MISSING', 'COORDINATOR_BUSY'],
  },
  'GET /openapi.json': {
    tag: 'dashboard',
    summary: 'This document',
    reply: z.looseObject({ openapi: z.string() }),
    errors: ['COORDINATOR_BUSY'],
  },
}
