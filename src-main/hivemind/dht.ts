import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, reportOf } from '../../src-shared/errors'
import { Blacklist } from './blacklist'
import { compareDistance, type DhtId, dhtIdKey, dhtIdOf, isDhtId, randomDhtId } from './dht-id'
import { createDhtRpc, type DhtCounters, type PingReport, type RpcOptions } from './dht-rpc'
import { serveDht } from './dht-server'
import { dhtTimeS } from './expiration'
import { findInParts } from './find-parts'
import { type FoundValue, foundFrom, mergeFound } from './found-value'
import { rememberPlaces } from './known-places'
import { type KnownPlace, type LookupResult, lookup } from './lookup'
import { createMembers } from './members'
import { EMPTY_NODE_INFO } from './messages'
import { RoutingTable } from './routing-table'
import { createDhtStorage, type StorageLimits } from './storage'
import {
  type DhtRecord,
  type PreparedRecord,
  prepare,
  type StoreReport,
  storeInCalls,
  storeItemOf,
  storeRecords,
} from './store-records'
import { createStoreGate, OPEN_RULES, type StoreRules } from './store-rules'

export type { DhtCounters, DhtEvent, PingReport } from './dht-rpc'
export type { FoundValue } from './found-value'
export type { DhtRecord, RecordReport, StoreReport } from './store-records'

export type BootstrapOutcome = { peer: PeerId } & (({ ok: true } & PingReport) | { ok: false; error: ErrorReport })

/** A peer of a hivemind DHT. Peers are dialled by id: their addresses come from the host's peer store or routing. */
export interface HivemindDht {
  readonly nodeId: DhtId
  /** Serves the three calls of the DHT, in server mode. Lookups work without. */
  start(): Promise<void>
  readonly mode: DhtMode
  /** What others can no longer reach must not be named to them; what they can reach again may serve again. */
  setMode(mode: DhtMode): Promise<void>
  /** Ends the service and every call under way. */
  stop(): Promise<void>
  ping(peer: PeerId, options?: RpcOptions & { validate?: boolean }): Promise<PingReport>
  /** Pings each peer, then makes itself known around its own place. One outcome per peer; never throws for a peer. */
  bootstrap(peers: readonly PeerId[], options?: RpcOptions): Promise<BootstrapOutcome[]>
  /** The newest of what the nearest peers have; keys of which nobody has anything are missing. */
  get(keys: readonly string[], options?: RpcOptions): Promise<Map<string, FoundValue>>
  /** What this one peer has, and nobody else: for reading back. */
  findAt(peer: PeerId, keys: readonly string[], options?: RpcOptions): Promise<Map<string, FoundValue>>
  /** What others than this peer and ourselves have: for judging what it says about itself. */
  getWithout(peer: PeerId, keys: readonly string[], options?: RpcOptions): Promise<Map<string, FoundValue>>
  /** What we keep ourselves for others. Empty in client mode. */
  readLocal(keys: readonly string[]): Map<string, FoundValue>
  /** Never counts ourselves: `ackedBy` are other peers. */
  store(
    records: readonly DhtRecord[],
    options?: RpcOptions & {
      alsoTo?: readonly PeerId[]
      /** Told what there is already at `key`, before anything is stored; what it throws ends the call. */
      check?: { key: string; judge(found: FoundValue | null): void }
    },
  ): Promise<StoreReport>
  /** One answer per record: whether this peer keeps it. */
  storeAt(peer: PeerId, records: readonly DhtRecord[], options?: RpcOptions): Promise<boolean[]>
  knownPeers(): PeerId[]
  /** Peers around a random place, nearest first: a choice that we did not make. */
  randomWalk(options?: RpcOptions): Promise<PeerId[]>
}

export type DhtMode = 'server' | 'client'

export interface HivemindDhtOptions {
  libp2p: Pick<Libp2p, 'dialProtocol' | 'handle' | 'unhandle' | 'peerId'>
  clock: Clock
  /** `server` only when others can dial us: readers and writers will be sent to us. */
  mode: DhtMode
  nodeId?: DhtId
  /** Asked when no other peer is known. */
  bootstrapPeers?: () => readonly PeerId[]
  storageLimits?: Partial<StorageLimits>
  /** What is kept for others; without it whatever hivemind's own rules allow. */
  rules?: StoreRules
  /** How many of the nearest peers keep a record. */
  replicas?: number
  counters?: DhtCounters
}

const DEFAULT_REPLICAS = 5
/** So many are asked whether the nodes that keep a record are still the nearest, before it is written anew. */
const CONFIRMATIONS = 2
/**
 * Among so many times as many as keep it: in networks of 31 to 800 these knew every newcomer among the five nearest that
 * the five themselves knew, and half as many calls were enough. Of twenty, one in a hundred was not known.
 */
const WITNESSES = 2
const SWEEP_INTERVAL_MS = 60_000

export function createHivemindDht(options: HivemindDhtOptions): HivemindDht {
  const { libp2p, clock, counters, replicas = DEFAULT_REPLICAS, rules = OPEN_RULES } = options
  const self = libp2p.peerId
  const nodeId = options.nodeId ?? randomDhtId()
  if (!isDhtId(nodeId)) throw new EspalierError('BAD_ARGUMENT', 'a node id has 20 bytes')
  let isServer = options.mode === 'server'
  const limits = { keptLifetimeS: rules.keptLifetimeMs / 1000, ...options.storageLimits }
  const storage = createDhtStorage(clock, limits, self.toString())
  const gate = createStoreGate(rules, clock)
  const table = new RoutingTable(nodeId)
  const blacklist = new Blacklist(clock)
  const places = rememberPlaces(clock, replicas)
  const stopping = new AbortController()
  const rpcOptions = {
    libp2p,
    clock,
    ownNode: () => (isServer ? nodeId : EMPTY_NODE_INFO),
    stopping: stopping.signal,
    counters,
    answered: (peer: PeerId, node: Uint8Array) => members.heard(peer, node),
    failed: (peer: PeerId) => {
      members.failed(peer)
      places.forget(peer)
    },
  }
  const rpc = createDhtRpc(rpcOptions)
  // Its own places: two nodes that validate each other must not wait for each other's free place.
  const callBackRpc = createDhtRpc(rpcOptions)
  const store = () => (isServer ? storage.main : null)
  const members = createMembers({ self, ownId: nodeId, table, blacklist, rpc: () => rpc, store, replicas })
  let isStarted = false
  const ends: (() => Promise<void> | void)[] = []

  async function bootstrap(peers: readonly PeerId[], { signal }: RpcOptions = {}): Promise<BootstrapOutcome[]> {
    const others = peers.filter((peer) => !peer.equals(self))
    const outcomes = await Promise.all(
      others.map(async (peer): Promise<BootstrapOutcome> => {
        try {
          return { peer, ok: true, ...(await rpc.ping(peer, { validate: true, signal })) }
        } catch (error) {
          return { peer, ok: false, error: reportOf(error) }
        }
      }),
    )
    if (table.size > 0) await search([nodeId], signal)
    return outcomes
  }

  function search(
    keys: readonly DhtId[],
    signal: AbortSignal | undefined,
    how: { place?: ((key: DhtId) => KnownPlace | null) | undefined; without?: PeerId | undefined } = {},
  ): Promise<Map<string, LookupResult>> {
    const { place = () => null, without } = how
    return lookup(keys, { self, without, rpc, table, blacklist, clock, counters, signal, place })
  }

  async function lookUp(
    keys: readonly DhtId[],
    signal: AbortSignal | undefined,
    place?: (key: DhtId) => KnownPlace | null,
  ): Promise<Map<string, LookupResult>> {
    if (table.size === 0 && options.bootstrapPeers) await bootstrap(options.bootstrapPeers(), { signal })
    return search(keys, signal, { place })
  }

  /** Where to write: what was found the last time is confirmed, and looked for anew now and then. */
  async function placesOf(
    keys: readonly DhtId[],
    signal: AbortSignal | undefined,
    readKey: string | null,
  ): Promise<Map<string, LookupResult>> {
    const known = new Map(keys.map((key) => [key, places.recall(key)]))
    const found = await lookUp(keys, signal, (key) => {
      const nodes = known.get(key)
      if (!nodes) return null
      // What is kept at a key only its keepers can say, and not those who know who they are.
      const witnesses = dhtIdKey(key) === readKey ? replicas : WITNESSES * replicas
      return { nodes, scope: replicas, witnesses, confirmations: CONFIRMATIONS }
    })
    for (const [key, nodes] of known) places.note(key, found.get(dhtIdKey(key))?.nearest ?? [], nodes === null)
    return found
  }

  function readLocal(keys: readonly string[]): Map<string, FoundValue> {
    const found = new Map<string, FoundValue>()
    if (!isServer) return found
    for (const key of keys) {
      const value = storage.newest(dhtIdOf(key))
      if (value) found.set(key, value)
    }
    return found
  }

  /** The newest of what others have and of what we keep ourselves. */
  function newestOf(key: string, found: Map<string, LookupResult>): FoundValue | null {
    return mergeFound(readLocal([key]).get(key) ?? null, found.get(dhtIdKey(dhtIdOf(key)))?.value ?? null)
  }

  /** In server mode we may be one of the nearest ourselves: readers will be sent to us, so we keep it, uncounted. */
  function keepIfNear(records: readonly PreparedRecord[], found: Map<string, LookupResult>): void {
    for (const { record, item } of records) {
      const { key, value } = item
      const last = found.get(dhtIdKey(key))?.nearest[replicas - 1]
      if (last && compareDistance(key, nodeId, last.nodeId) > 0) continue
      if (record.subkey === null) storage.main.storeRegular(key, value, record.expirationS, self.toString())
      else storage.main.storeEntry(key, record.subkey, value, record.expirationS, self.toString())
    }
  }

  async function serve(): Promise<void> {
    ends.push(
      await serveDht({ libp2p, clock, ownId: nodeId, storage, gate, table, members, rpc: callBackRpc, counters }),
    )
    const stopSweeping: Disposer = clock.every(SWEEP_INTERVAL_MS, () => {
      storage.main.sweep()
      storage.cache.sweep()
    })
    ends.push(stopSweeping)
  }

  async function stopServing(): Promise<void> {
    for (const end of ends.splice(0)) await end()
  }

  return {
    nodeId,
    bootstrap,
    readLocal,

    async start() {
      isStarted = true
      if (isServer) await serve()
    },

    get mode() {
      return isServer ? 'server' : 'client'
    },

    async setMode(mode) {
      if (isServer === (mode === 'server')) return
      isServer = !isServer
      if (!isStarted) return
      if (isServer) await serve()
      else await stopServing()
    },

    async stop() {
      stopping.abort(new EspalierError('CANCELLED', 'the DHT is stopping'))
      await stopServing()
    },

    ping: (peer, { validate = false, signal } = {}) => rpc.ping(peer, { validate, signal }),

    async get(keys, { signal } = {}) {
      const ids = keys.map(dhtIdOf)
      const found = await lookUp(ids, signal)
      // Whoever writes there next need not look for the place once more.
      for (const key of ids) places.note(key, found.get(dhtIdKey(key))?.nearest ?? [], true)
      const values = new Map<string, FoundValue>()
      for (const key of keys) {
        const value = newestOf(key, found)
        if (value) values.set(key, value)
      }
      return values
    },

    async getWithout(peer, keys, { signal } = {}) {
      const found = await search(keys.map(dhtIdOf), signal, { without: peer })
      return new Map(
        keys.flatMap((key) => {
          const value = found.get(dhtIdKey(dhtIdOf(key)))?.value
          return value ? [[key, value] as const] : []
        }),
      )
    },

    async findAt(peer, keys, { signal } = {}) {
      const values = new Map<string, FoundValue>()
      const results = await findInParts(rpc, peer, keys.map(dhtIdOf), { signal })
      keys.forEach((key, index) => {
        const result = results[index]
        const value = result ? foundFrom(result, dhtTimeS(clock)) : null
        if (value) values.set(key, value)
      })
      return values
    },

    async store(records, { alsoTo = [], check, signal } = {}) {
      const prepared = records.map(prepare)
      const keys = new Map(prepared.map(({ item }) => [dhtIdKey(item.key), item.key]))
      const found = await placesOf([...keys.values()], signal, check ? dhtIdKey(dhtIdOf(check.key)) : null)
      check?.judge(newestOf(check.key, found))
      if (isServer) keepIfNear(prepared, found)
      return storeRecords({
        records: prepared,
        nearest: (key) => found.get(dhtIdKey(key))?.nearest.map(({ peer }) => peer) ?? [],
        alsoTo: alsoTo.filter((peer) => !peer.equals(self)),
        replicas,
        rpc,
        signal,
      })
    },

    storeAt: (peer, records, { signal } = {}) => storeInCalls(rpc, peer, records.map(storeItemOf), signal),

    knownPeers: () => table.all().map(({ peer }) => peer),

    async randomWalk({ signal } = {}) {
      const target = randomDhtId()
      const found = await lookUp([target], signal)
      return found.get(dhtIdKey(target))?.nearest.map(({ peer }) => peer) ?? []
    },
  }
}
