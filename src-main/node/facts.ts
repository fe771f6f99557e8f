import type { BlockRange } from '../../src-shared/blocks'
import type { CoordinatorView } from '../../src-shared/coordinator-view'
import type { Readiness } from '../../src-shared/readiness'
import type { LoadLevel, MapView, NodePhase, NodeStatus, OthersSee } from '../../src-shared/status'
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
  model: { name: string; dhtPrefix: string; blockCount: number } | null
  blocks: BlockRange | null
  loadLevel: LoadLevel
  view: PeerView
  resources: Resources
  requests: number
  tokens: number
  upSince: number | null
  activeSessions: number
  readiness: Readiness | null
  othersSee: OthersSee | null
  map: MapView | null
  routingTable: NonNullable<NodeStatus['routingTable']> | null
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
    requests: 0,
    tokens: 0,
    upSince: null,
    activeSessions: 0,
    readiness: null,
    othersSee: null,
    map: null,
    routingTable: null,
  }
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
    peers: facts.view.peers,
    steps: all,
    contribution: { requests: facts.requests, tokens: facts.tokens, upSince: facts.upSince },
    resources: facts.resources,
    ...(facts.othersSee ? { othersSee: facts.othersSee } : {}),
    ...(facts.map ? { map: facts.map } : {}),
    ...(facts.routingTable ? { routingTable: facts.routingTable } : {}),
    ...(facts.readiness ? { readiness: facts.readiness } : {}),
  }
}
