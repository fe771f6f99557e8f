import type { BlockRange } from '../../src-shared/blocks'
import type { CoordinatorView } from '../../src-shared/coordinator-view'
import type { Readiness } from '../../src-shared/readiness'
import type {
  ComputeView,
  FetchView,
  FoundFile,
  LoadLevel,
  MapView,
  NodePhase,
  NodeStatus,
  Notice,
  OthersSee,
  PeerSummary,
  SpeedView,
} from '../../src-shared/status'
import type { CallsView } from './call-watch'
import type { NodeConfig } from './config'
import { EMPTY_VIEW, type PeerView } from './peer-watch'
import { NO_RESOURCES, type Resources } from './resources'
import type { Steps } from './steps'
import { summarize } from './words'

/** What a running node knows about itself, beside its steps. The status is folded from both. */
export interface NodeFacts {
  phase: NodePhase
  peerId: string | null
  coordinator: CoordinatorView | null
  listenAddresses: string[]
  model: NodeStatus['model']
  blocks: BlockRange | null
  loadLevel: LoadLevel
  view: PeerView
  resources: Resources
  /** What became of the calls of others; null before the first sample. */
  calls: CallsView | null
  /** Given since this node first served, over all its runs. */
  served: { tokens: number; requests: number }
  notices: Notice[]
  upSince: number | null
  activeSessions: number
  readiness: Readiness | null
  othersSee: OthersSee | null
  map: MapView | null
  routingTable: NonNullable<NodeStatus['routingTable']> | null
  /** What computes, as the last load has shown; null before one. */
  compute: ComputeView | null
  /** How fast the proven blocks are; null while there are none. */
  speed: SpeedView | null
  /** The fetch under way; null while there is none. */
  fetch: FetchView | null
  /** In the shard folder, while no blocks are assigned. */
  foundFiles: FoundFile[]
}

export function noFacts(): NodeFacts {
  return {
    phase: 'stopped',
    peerId: null,
    coordinator: null,
    listenAddresses: [],
    model: null,
    blocks: null,
    loadLevel: 'L0',
    view: EMPTY_VIEW,
    resources: NO_RESOURCES,
    calls: null,
    served: { tokens: 0, requests: 0 },
    notices: [],
    upSince: null,
    activeSessions: 0,
    readiness: null,
    othersSee: null,
    map: null,
    routingTable: null,
    compute: null,
    speed: null,
    fetch: null,
    foundFiles: [],
  }
}

/** About 60 kB: a message of the bridge has 256 kB at most, and a page pushes one several times a second. */
export const MAX_PEERS_SHOWN = 300

/** Ourselves, who serves blocks next to ours, and who is online come first when not all fit. */
export function shownPeers(
  peers: readonly PeerSummary[],
  own: BlockRange | null,
): Pick<NodeStatus, 'peers' | 'peersLeftOut'> {
  if (peers.length <= MAX_PEERS_SHOWN) return { peers: [...peers] }
  const touches = ({ blocks }: PeerSummary) =>
    own !== null && blocks !== null && blocks.start <= own.end && blocks.end >= own.start
  const rank = (peer: PeerSummary) =>
    (peer.isSelf ? 0 : 4) + (peer.state === 'online' ? 0 : 2) + (touches(peer) ? 0 : 1)
  // Sorting is stable, and what is left stays in the order in which it was read.
  const kept = new Set([...peers].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_PEERS_SHOWN))
  return { peers: peers.filter((peer) => kept.has(peer)), peersLeftOut: peers.length - kept.size }
}

/** One immutable snapshot; nothing else holds status. */
export function statusOf(config: NodeConfig, facts: NodeFacts, steps: Steps, revision: number, at: number): NodeStatus {
  const all = steps.all()
  return {
    revision,
    at,
    phase: facts.phase,
    ...summarize(facts.phase, all, facts.blocks, facts.activeSessions),
    watermark: config.profile.watermark,
    peerId: facts.peerId,
    publicName: config.publicName,
    profile: config.profile.name,
    listenAddresses: facts.listenAddresses,
    coordinatorUrl: config.coordinatorUrl,
    ...(facts.coordinator ? { coordinator: facts.coordinator } : {}),
    model: facts.model,
    blocks: facts.blocks,
    loadLevel: facts.loadLevel,
    coverage: facts.view.coverage,
    ...shownPeers(facts.view.peers, facts.blocks),
    steps: all,
    ...(facts.notices.length > 0 ? { notices: facts.notices } : {}),
    contribution: { requests: facts.served.requests, tokens: facts.served.tokens, upSince: facts.upSince },
    resources: facts.resources,
    ...(facts.calls ? { calls: facts.calls } : {}),
    ...(facts.othersSee ? { othersSee: facts.othersSee } : {}),
    ...(facts.map ? { map: facts.map } : {}),
    ...(facts.routingTable ? { routingTable: facts.routingTable } : {}),
    ...(facts.fetch ? { fetch: facts.fetch } : {}),
    ...(facts.foundFiles.length > 0 && facts.blocks === null ? { foundFiles: facts.foundFiles } : {}),
    ...(facts.compute ? { compute: facts.compute } : {}),
    ...(facts.speed ? { speed: facts.speed } : {}),
    ...(facts.readiness ? { readiness: facts.readiness } : {}),
  }
}
