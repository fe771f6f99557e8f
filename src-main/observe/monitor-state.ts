import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { callRpcInfo } from '../hivemind/rpc-info'
import { callExpertInfo } from '../kademlia/expert-rpc'
import { type AddressDesk, askForAddresses } from '../network/ask-addresses'
import { isConnected } from '../network/bootstrap'
import { reachPeer } from '../network/find-peer'
import type { Host } from '../network/host'
import type { RecordForm } from '../network/profiles'
import { coverageOf, type ServerSpan } from './model-servers'
import type { ModelOfNetwork, NetworkView } from './network-view'
import type { ProbeMemory } from './probe-memory'

// The JSON of the public health monitor (`GET /api/v1/state`), field by field, so that its readers can read ours.

export interface MonitorState {
  bootstrap_states: ('online' | 'unreachable')[]
  top_contributors: Record<string, number>
  model_reports: ModelReport[]
  reachability_issues: { peer_id: string; err: string }[]
  /** Unix seconds. */
  last_updated: number
  /** Seconds. */
  update_period: number
  update_duration: number
}

export interface ModelReport {
  name: string
  short_name: string
  state: 'healthy' | 'broken'
  server_rows: ServerRow[]
  num_blocks: number
  repository: string | null
  dht_prefix: string
  official: boolean
  limited: boolean
}

export interface ServerRow {
  short_peer_id: string
  peer_id: string
  peer_ip_info: 'unknown' | { location: Record<string, never>; multiaddrs: string[] }
  show_public_name: boolean
  state: 'online' | 'joining' | 'offline' | 'unreachable'
  span: { peer_id: string; start: number; end: number; server_info: Record<string, unknown> }
  adapters: { name: string; short_name: string }[]
  pings_to_me: Record<string, number | null>
  cache_tokens_left_per_block?: number
}

export interface Observation {
  state: MonitorState
  /** Live block records that were read, over all models and peers. */
  recordsRead: number
}

const READ_TIMEOUT_MS = 20_000
const PROBE_TIMEOUT_MS = 5_000
const PROBES_AT_ONCE = 16
/** In larger networks a look closes what it opened: a connection costs about a megabyte, on both sides. */
const KEPT_CONNECTIONS = 100
const SHORT_ID_LENGTH = 6
/** The monitor shows names of servers that give at least this many blocks. */
const BLOCKS_FOR_A_NAME = 10

/**
 * Looks at the network as its health monitor does: bootstraps, the model index, every block's servers, and a call
 * to each server that says to be online. Announces nothing.
 */
export async function observeNetwork(options: {
  host: Host
  view: NetworkView
  bootstraps: readonly PeerId[]
  updatePeriodMs: number
  clock: Clock
  /** Of earlier looks; without it every server is called. */
  memory?: ProbeMemory
}): Promise<Observation> {
  const { host, view, clock } = options
  const startedAtMs = clock.monotonicMs()
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS)
  const bootstrapStates = options.bootstraps.map(
    (peer) => (isConnected(host, peer) ? 'online' : 'unreachable') as 'online' | 'unreachable',
  )
  const models = (await view.readModels(signal)).toSorted(
    (a, b) => b.numBlocks - a.numBlocks || (a.dhtPrefix < b.dhtPrefix ? -1 : 1),
  )
  const servers = await Promise.all(
    models.map((model) => view.readServers({ dhtPrefix: model.dhtPrefix, blockCount: model.numBlocks }, signal)),
  )
  const spans = servers.flatMap(({ spans: found }) => found)
  const desk = askForAddresses({ host, routers: options.bootstraps, clock })
  const { issues, addresses } = await probeAll(host, view.form, spans, desk, options.memory).finally(desk.close)
  const reports = models.map((model, i) => reportOf(model, servers[i]?.spans ?? [], issues, addresses))
  return {
    recordsRead: servers.reduce((sum, { recordCount }) => sum + recordCount, 0),
    state: {
      bootstrap_states: bootstrapStates,
      top_contributors: {},
      model_reports: reports,
      reachability_issues: [...issues].map(([peer_id, err]) => ({ peer_id, err })),
      last_updated: clock.now() / 1000,
      update_period: options.updatePeriodMs / 1000,
      update_duration: (clock.monotonicMs() - startedAtMs) / 1000,
    },
  }
}

/** Servers that say to be online and did not answer, with the reason; and where the others were reached. */
async function probeAll(
  host: Host,
  form: RecordForm,
  spans: readonly ServerSpan[],
  desk: AddressDesk,
  memory: ProbeMemory | undefined,
): Promise<{ issues: Map<string, string>; addresses: (peer: PeerId) => string[] }> {
  const issues = new Map<string, string>()
  const reachedAt = new Map<string, string[]>()
  const connectedAt = (peer: PeerId) => host.getConnections(peer).map(({ remoteAddr }) => remoteAddr.toString())
  const online = new Map(spans.filter(({ info }) => info.state === 'online').map(({ peer }) => [peer.toString(), peer]))
  const queue = [...online.values()]
  const call = form === 'hivemind' ? callRpcInfo : callExpertInfo
  const closes = online.size > KEPT_CONNECTIONS
  const probe = async (peer: PeerId): Promise<string | null> => {
    const isGuest = closes && !isConnected(host, peer)
    try {
      const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
      await reachPeer(host, peer, signal, desk)
      await call(host, peer, '', { signal })
      reachedAt.set(peer.toString(), connectedAt(peer))
      return null
    } catch (error) {
      return messageOf(error)
    } finally {
      // Nobody waits for the goodbye.
      if (isGuest) host.hangUp(peer).catch(() => undefined)
    }
  }
  const worker = async () => {
    for (let peer = queue.shift(); peer; peer = queue.shift()) {
      const known = memory?.recall(peer.toString())
      const error = known === undefined ? await probe(peer) : known
      if (known === undefined) memory?.remember(peer.toString(), error)
      if (error !== null) issues.set(peer.toString(), error)
    }
  }
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, worker))
  return { issues, addresses: (peer) => reachedAt.get(peer.toString()) ?? connectedAt(peer) }
}

function reportOf(
  model: ModelOfNetwork,
  spans: readonly ServerSpan[],
  issues: ReadonlyMap<string, string>,
  addresses: (peer: PeerId) => string[],
): ModelReport {
  const rows = spans
    .toSorted((a, b) => (a.peer.toString() < b.peer.toString() ? -1 : 1))
    .map((span) => rowOf(span, spans, issues, addresses(span.peer)))
  const reached = spans.filter(({ peer }) => !issues.has(peer.toString()))
  const isWhole = coverageOf(reached, model.numBlocks).every((servers) => servers > 0)
  const name = model.repository === null ? model.dhtPrefix : new URL(model.repository).pathname.slice(1)
  return {
    name,
    short_name: name.split('/').at(-1) ?? name,
    state: isWhole ? 'healthy' : 'broken',
    server_rows: rows,
    num_blocks: model.numBlocks,
    repository: model.repository,
    dht_prefix: model.dhtPrefix,
    official: false,
    limited: false,
  }
}

function rowOf(
  span: ServerSpan,
  all: readonly ServerSpan[],
  issues: ReadonlyMap<string, string>,
  addresses: readonly string[],
): ServerRow {
  const { peer, start, end, info } = span
  const peerId = peer.toString()
  const state = info.state === 'online' && issues.has(peerId) ? 'unreachable' : info.state
  return {
    short_peer_id: `...${peerId.slice(-SHORT_ID_LENGTH)}`,
    peer_id: peerId,
    peer_ip_info: addresses.length > 0 ? { location: {}, multiaddrs: [...addresses] } : 'unknown',
    show_public_name: state === 'online' && end - start >= BLOCKS_FOR_A_NAME,
    state,
    span: { peer_id: peerId, start, end, server_info: serverInfoJson(info) },
    adapters: info.adapters.map((name) => ({ name, short_name: name.split('/').at(-1) ?? name })),
    pings_to_me: Object.fromEntries(
      all.flatMap(({ peer: origin, info: { nextPings } }) => {
        const seconds = nextPings?.get(peerId)
        return seconds === undefined ? [] : [[origin.toString(), Number.isFinite(seconds) ? seconds : null]]
      }),
    ),
    ...(info.cacheTokensLeft === null
      ? {}
      : { cache_tokens_left_per_block: Math.floor(info.cacheTokensLeft / (2 * (end - start))) }),
  }
}

function serverInfoJson(info: ServerSpan['info']): Record<string, unknown> {
  return {
    state: info.state,
    throughput: info.throughput,
    start_block: info.startBlock,
    end_block: info.endBlock,
    public_name: info.publicName,
    version: info.version,
    network_rps: info.networkRps,
    forward_rps: info.forwardRps,
    inference_rps: info.inferenceRps,
    adapters: info.adapters,
    torch_dtype: info.torchDtype,
    quant_type: info.quantType,
    using_relay: info.usingRelay,
    cache_tokens_left: info.cacheTokensLeft,
    next_pings:
      info.nextPings &&
      Object.fromEntries([...info.nextPings].map(([peer, s]) => [peer, Number.isFinite(s) ? s : null])),
  }
}
