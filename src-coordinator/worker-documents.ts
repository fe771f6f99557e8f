import { isLoopback, parsePeerAddresses } from '../src-main/network/peer-addresses'
import { type HostedModel, manifestPath } from './hosted-model'
import type { Member } from './members'
import { coverageOf } from './planning/assign-blocks'
import type { RosterEntry, StandingEntry } from './roster-entries'
import type { CoordinatorTimings } from './timings'

/** The documented vocabulary. `offline` hides what was decided: the decision is in `x_decision`. */
export type DocumentedStatus = 'pending' | 'online' | 'offline' | 'standby' | 'rejected'

const MAX_INITIAL_PEERS = 64

export function statusOf({ worker, assignment }: StandingEntry): DocumentedStatus {
  if (worker.standing === 'rejected') return 'rejected'
  if (worker.is_live === 0) return 'offline'
  if (worker.standing === 'pending') return 'pending'
  return assignment ? 'online' : 'standby'
}

/** True when the worker itself says that its blocks are loaded and proven. Assigned blocks alone serve nobody. */
export function isServing(entry: RosterEntry): boolean {
  return statusOf(entry) === 'online' && entry.worker.reported_status === 'online'
}

export interface DocumentContext {
  models: readonly HostedModel[]
  /** SHA-256 of each model's manifest, by the model's name. */
  manifestHashes: ReadonlyMap<string, string>
  timings: CoordinatorTimings
  isDemo: boolean
  bootstrapPeers: () => readonly string[]
}

/** A peer that others may be told of, with the addresses that can be dialled. */
export interface NamedPeer {
  workerId: string
  addresses: readonly string[]
}

/**
 * Answer to register (`status`) and heartbeat (`worker_status`). `model` is what new assignments are of; the
 * answer is about the worker's own, where it has one.
 */
export function workerAnswer(
  context: DocumentContext,
  statusField: 'status' | 'worker_status',
  entry: StandingEntry,
  { peers, model: current }: { peers: readonly NamedPeer[]; model: HostedModel | null },
) {
  const { assignment, worker } = entry
  const model = context.models.find(({ name }) => name === assignment?.model_name) ?? current
  return {
    [statusField]: statusOf(entry),
    layers_start: assignment?.start_block ?? null,
    layers_end: assignment?.end_block ?? null,
    model_name: model?.name ?? null,
    initial_peers: peerAddresses(context, peers, worker.worker_id),
    is_idle: assignment === null,
    x_demo: context.isDemo,
    x_heartbeat_interval_ms: context.timings.heartbeatIntervalMs,
    x_offline_after_ms: context.timings.offlineAfterMs,
    x_last_seq: worker.last_seq ?? 0,
    x_assignment_reason: assignmentReason(entry),
    ...(model
      ? { x_manifest_url: manifestPath(model.name), x_manifest_sha256: context.manifestHashes.get(model.name) }
      : {}),
    ...decisionDocument(entry),
  }
}

/** One row of GET /workers. */
export function workerDocument(entry: RosterEntry) {
  const { assignment, worker } = entry
  return {
    worker_id: worker.worker_id,
    nickname: worker.nickname,
    hardware_type: worker.hardware_type,
    device_name: worker.device_name,
    vram_gb: worker.vram_gb,
    requested_layers: worker.requested_layers,
    status: statusOf(entry),
    layers_start: assignment?.start_block ?? null,
    layers_end: assignment?.end_block ?? null,
    model_name: assignment?.model_name ?? null,
    tokens_served: worker.tokens_served,
    x_requests_served: worker.requests_served,
    x_standing: worker.standing,
    x_reported_status: worker.reported_status,
    x_serving: isServing(entry),
    x_peer_id: worker.peer_id,
    x_registered_at_ms: worker.registered_at,
    x_last_seen_at_ms: worker.last_seen_at,
    x_assignment_reason: assignmentReason(entry),
    x_assigned_at_ms: assignment?.assigned_at ?? null,
    ...decisionDocument(entry),
  }
}

function decisionDocument({ worker, decision }: StandingEntry) {
  if (worker.standing === 'pending' || !decision) return {}
  return { x_decision: { reason: decision.reason, by: decision.decided_by, at: decision.decided_at } }
}

/** Why it has what it has, in words; null before anything was decided. */
function assignmentReason({ assignment, worker }: StandingEntry): string | null {
  return assignment?.reason ?? (worker.assignment_note || null)
}

/** Bootstrap peers first, then the addresses that approved, living workers gave for themselves. */
export function peerAddresses(context: DocumentContext, peers: readonly NamedPeer[], exceptWorkerId = ''): string[] {
  const addresses = new Set(context.bootstrapPeers())
  for (const { workerId, addresses: theirs } of peers) {
    if (addresses.size >= MAX_INITIAL_PEERS) break
    if (workerId !== exceptWorkerId) for (const address of theirs) addresses.add(address)
  }
  return [...addresses].slice(0, MAX_INITIAL_PEERS)
}

/** A worker may speak for its own peer id only, and "any address" (0.0.0.0) is no address to dial. */
export function namedPeer({ workerId, peerId, multiaddrs }: Member, loopbackOnly: boolean): NamedPeer {
  const complete = multiaddrs.map((address) => (address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`))
  const addresses = parsePeerAddresses(complete)
    .valid.filter((address) => address.peerId.toString() === peerId)
    .filter((address) => !loopbackOnly || isLoopback(address.multiaddr))
    .map((address) => address.multiaddr.toString())
    .filter((address) => !/^\/ip4\/0\.0\.0\.0\/|^\/ip6\/(?:::|0:0:0:0:0:0:0:0)\//.test(address))
  return { workerId, addresses }
}

/** Servers of each block of `model`: assigned to living workers, and really serving. */
export function blockServers(model: HostedModel, entries: readonly RosterEntry[]) {
  const rangesOf = (list: readonly RosterEntry[]) =>
    list.flatMap(({ assignment }) =>
      assignment?.model_name === model.name ? [{ start: assignment.start_block, end: assignment.end_block }] : [],
    )
  return {
    assigned: coverageOf(model.blockCount, rangesOf(entries.filter((entry) => statusOf(entry) === 'online'))),
    serving: coverageOf(model.blockCount, rangesOf(entries.filter(isServing))),
  }
}
