import type { HostedModel } from './hosted-model'
import type { NetworkSettings } from './network-settings'
import type { RosterEntry } from './roster-entries'
import type { Served } from './served'
import {
  blockServers,
  type DocumentContext,
  isServing,
  type NamedPeer,
  peerAddresses,
  statusOf,
} from './worker-documents'

/** Coverage counts blocks that somebody really serves; a block that is only assigned is not covered. */
function coverage(model: HostedModel | null, entries: readonly RosterEntry[]) {
  if (!model) return { percent: 0, isReady: false, assigned: [], serving: [] }
  const { assigned, serving } = blockServers(model, entries)
  const covered = serving.filter((servers) => servers > 0).length
  // Rounded down, so that 100 means all of them.
  const percent = Math.floor((covered / model.blockCount) * 1000) / 10
  return { percent, isReady: covered === model.blockCount, assigned, serving }
}

function countOf(entries: readonly RosterEntry[], status: string): number {
  return entries.filter((entry) => statusOf(entry) === status).length
}

/** GET /network/info. */
export function networkInfo(
  context: DocumentContext,
  entries: readonly RosterEntry[],
  peers: readonly NamedPeer[],
  { model, targetWorkers }: NetworkSettings,
) {
  const { percent, isReady } = coverage(model, entries)
  return {
    model_name: model?.name ?? null,
    total_layers: model?.blockCount ?? 0,
    bootstrap_peers: peerAddresses(context, peers),
    /** Without the workers: those that every record is stored at. */
    x_bootstrap_peers: [...context.bootstrapPeers()],
    online_workers: countOf(entries, 'online'),
    coverage_percent: percent,
    ready_for_inference: isReady,
    quantization: model?.quantization ?? null,
    target_workers: targetWorkers,
    x_demo: context.isDemo,
  }
}

/** GET /network/health: each block with its number of assigned and of serving workers. */
export function networkHealth(entries: readonly RosterEntry[], { model }: NetworkSettings) {
  const { percent, isReady, assigned, serving } = coverage(model, entries)
  return {
    model_name: model?.name ?? null,
    total_layers: model?.blockCount ?? 0,
    coverage_percent: percent,
    ready_for_inference: isReady,
    layers: serving.map((workers, layer) => ({ layer, workers, x_assigned: assigned[layer] ?? 0 })),
  }
}

/** GET /network/stats. */
export function networkStats(entries: readonly RosterEntry[], served: Served, { model }: NetworkSettings) {
  const { percent, isReady } = coverage(model, entries)
  return {
    model_name: model?.name ?? null,
    total_workers: entries.length,
    online_workers: countOf(entries, 'online'),
    pending_workers: countOf(entries, 'pending'),
    standby_workers: countOf(entries, 'standby'),
    offline_workers: countOf(entries, 'offline'),
    rejected_workers: countOf(entries, 'rejected'),
    coverage_percent: percent,
    ready_for_inference: isReady,
    total_tokens_served: served.tokens,
    x_total_requests_served: served.requests,
    quantization: model?.quantization ?? null,
    x_serving_workers: entries.filter(isServing).length,
  }
}
