import type { Clock } from '../../src-shared/clock'
import { type CoordinatorAnswer, callCoordinator } from './coordinator-http'
import { normaliseCoordinatorUrl } from './coordinator-url'
import {
  HealthReplySchema,
  HeartbeatReplySchema,
  type HostedModelInfo,
  InviteReplySchema,
  ModelListReplySchema,
  type NetworkInfo,
  NetworkInfoReplySchema,
  RegisterReplySchema,
  type WorkerAnswer,
  type WorkerHeartbeat,
  type WorkerRegistration,
} from './coordinator-wire'

const HEALTH_TIMEOUT_MS = 3_000
const CALL_TIMEOUT_MS = 10_000
const MANIFEST_TIMEOUT_MS = 60_000
const MAX_REPLY_BYTES = 1024 * 1024
/** A manifest holds the residual stream at every block boundary: megabytes for a large model. */
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024

export interface CallOptions {
  timeoutMs?: number
  signal?: AbortSignal
}

/** The coordinator's endpoints that a worker uses; the host's powers (approve, reject) are not among them. */
export interface CoordinatorApi {
  /** Normalised, without a trailing slash. */
  readonly baseUrl: string
  health(options?: CallOptions): Promise<CoordinatorAnswer<Record<string, unknown>>>
  networkInfo(options?: CallOptions): Promise<CoordinatorAnswer<NetworkInfo>>
  register(body: WorkerRegistration, options?: CallOptions): Promise<CoordinatorAnswer<WorkerAnswer>>
  heartbeat(body: WorkerHeartbeat, options?: CallOptions): Promise<CoordinatorAnswer<WorkerAnswer>>
  /** Throws COORDINATOR_UNKNOWN_WORKER when it was gone already. */
  unregister(workerId: string, options?: CallOptions): Promise<CoordinatorAnswer<unknown>>
  models(options?: CallOptions): Promise<CoordinatorAnswer<HostedModelInfo[]>>
  /** Whether an invite is good; uses nothing up. Throws INVITE_INVALID, INVITE_EXPIRED, INVITE_REVOKED or INVITE_USED. */
  checkInvite(invite: string, options?: CallOptions): Promise<CoordinatorAnswer<{ expires_at_ms: number }>>
  /** The manifest as the coordinator serves it; the shards room validates it. */
  manifest(modelName: string, options?: CallOptions): Promise<CoordinatorAnswer<Record<string, unknown>>>
}

export interface CoordinatorApiOptions {
  /** As a person types it; see `normaliseCoordinatorUrl`. */
  baseUrl: string
  fetch: typeof fetch
  clock: Clock
  allowInsecure?: boolean
}

/** Errors of every call: see `callCoordinator`. Throws what `normaliseCoordinatorUrl` throws. */
export function createCoordinatorApi(options: CoordinatorApiOptions): CoordinatorApi {
  const baseUrl = normaliseCoordinatorUrl(options.baseUrl, { allowInsecure: options.allowInsecure ?? false })
  const connection = { baseUrl, fetch: options.fetch, clock: options.clock }
  const common = (call: CallOptions, timeoutMs = CALL_TIMEOUT_MS) => ({
    timeoutMs: call.timeoutMs ?? timeoutMs,
    maxReplyBytes: MAX_REPLY_BYTES,
    signal: call.signal,
  })
  const saidOfWorker = (answer: WorkerAnswer) => ({
    status: answer.status,
    layers: answer.range ? `[${answer.range.start}, ${answer.range.end})` : 'none',
    ...(answer.modelName ? { model: answer.modelName } : {}),
    ...(answer.decision ? { by: answer.decision.by, reason: answer.decision.reason } : {}),
  })

  return {
    baseUrl,
    health: (call = {}) =>
      callCoordinator(connection, {
        ...common(call, HEALTH_TIMEOUT_MS),
        method: 'GET',
        path: '/',
        reply: HealthReplySchema,
        notFoundIs: 'not-a-coordinator',
        evidenceOf: () => ({}),
      }),
    networkInfo: (call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'GET',
        path: '/network/info',
        reply: NetworkInfoReplySchema,
        notFoundIs: 'not-a-coordinator',
        evidenceOf: (info) => ({
          model_name: info.modelName,
          total_layers: info.totalLayers,
          online_workers: info.onlineWorkers,
          coverage_percent: info.coveragePercent,
        }),
      }),
    register: (body, call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'POST',
        path: '/workers/register',
        body,
        reply: RegisterReplySchema,
        notFoundIs: 'not-a-coordinator',
        evidenceOf: saidOfWorker,
      }),
    heartbeat: (body, call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'POST',
        path: '/workers/heartbeat',
        body,
        reply: HeartbeatReplySchema,
        notFoundIs: 'unknown-worker',
        evidenceOf: saidOfWorker,
      }),
    unregister: (workerId, call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'DELETE',
        path: `/workers/${encodeURIComponent(workerId)}`,
        reply: HealthReplySchema,
        notFoundIs: 'unknown-worker',
        evidenceOf: () => ({}),
      }),
    models: (call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'GET',
        path: '/models',
        reply: ModelListReplySchema,
        notFoundIs: 'refusal',
        evidenceOf: (models) => ({ models: models.map(({ name }) => name).join(' ') }),
      }),
    checkInvite: (invite, call = {}) =>
      callCoordinator(connection, {
        ...common(call),
        method: 'POST',
        path: '/invites/check',
        body: { invite },
        reply: InviteReplySchema,
        notFoundIs: 'refusal',
        evidenceOf: () => ({}),
      }),
    manifest: (modelName, call = {}) =>
      callCoordinator(connection, {
        ...common(call, MANIFEST_TIMEOUT_MS),
        maxReplyBytes: MAX_MANIFEST_BYTES,
        method: 'GET',
        path: `/models/${encodeURIComponent(modelName)}/manifest`,
        reply: HealthReplySchema,
        notFoundIs: 'refusal',
        evidenceOf: () => ({}),
      }),
  }
}
