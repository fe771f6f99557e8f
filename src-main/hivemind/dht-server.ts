import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type DhtId, dhtIdKey, isDhtId } from './dht-id'
import type { DhtCounters, DhtRpc } from './dht-rpc'
import { dhtTimeS } from './expiration'
import { REGULAR_SUBKEY } from './hand-over'
import type { Members } from './members'
import {
  decodeFindRequest,
  decodePingRequest,
  decodeStoreRequest,
  encodeFindResponse,
  encodePingResponse,
  encodeStoreResponse,
  type FindResult,
  type NodeInfo,
  type StoreItem,
} from './messages'
import { DictionaryValue, type MsgpackValue } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { peerToBytes } from './peer-bytes'
import { RPC_FIND, RPC_PING, RPC_STORE } from './protocols'
import { BUCKET_SIZE, type RoutingTable } from './routing-table'
import { type DhtStorage, type ExpiringStore, serializeStored } from './storage'
import type { StoreGate } from './store-rules'
import { serveUnary, type UnaryCaller, type UnaryHandler } from './unary-server'

/** A reply must fit into a frame of 4 MiB with its envelope. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024 - 65_536

/**
 * Serves the three calls of the DHT: a sender that names its node id becomes a member, its records are kept by the
 * rules of the storage, and questions are answered from there and from the routing table.
 * @returns what ends the service
 */
export async function serveDht(options: {
  libp2p: Pick<Libp2p, 'handle' | 'unhandle'>
  clock: Clock
  ownId: DhtId
  storage: DhtStorage
  gate: StoreGate
  table: RoutingTable
  members: Members
  rpc: DhtRpc
  counters: DhtCounters | undefined
}): Promise<() => Promise<void>> {
  const { libp2p, clock, ownId, storage, gate, table, members, counters } = options

  async function ping(payload: Uint8Array, caller: UnaryCaller): Promise<Uint8Array> {
    const { node, validate } = decodePingRequest(payload)
    let available = false
    if (isDhtId(node) && validate) available = await answersAs(caller, node)
    // Not validating means: take me at my word.
    if (available || !validate) members.heard(caller.peer, node)
    return encodePingResponse({ node: ownId, dhtTimeS: dhtTimeS(clock), available })
  }

  /** Calls the sender back under the identity that its connection proved, as any other peer would. */
  async function answersAs({ peer, signal }: UnaryCaller, node: NodeInfo): Promise<boolean> {
    try {
      const { nodeId } = await options.rpc.ping(peer, { validate: false, signal })
      return nodeId !== null && dhtIdKey(nodeId) === dhtIdKey(node)
    } catch {
      return false
    }
  }

  function store(payload: Uint8Array, caller: UnaryCaller): Uint8Array {
    const { node, items } = decodeStoreRequest(payload)
    // Understood as a whole before anything is kept, so that a refused request leaves nothing behind.
    const by = {
      ...{ gate, peer: caller.peer, name: caller.peer.toString(), readSubkey: readingOnce() },
      isNeighbour: () => isDhtId(node) && table.has(caller.peer, node),
    }
    const tasks = items.map((item) => storeTask(item, item.inCache ? storage.cache : storage.main, by))
    members.heard(caller.peer, node)
    return encodeStoreResponse({ node: ownId, storeOk: tasks.map((task) => task()) })
  }

  function find(payload: Uint8Array, caller: UnaryCaller): Uint8Array {
    const { node, keys } = decodeFindRequest(payload)
    members.heard(caller.peer, node)
    const results: FindResult[] = []
    let bytes = 0
    for (const key of keys) {
      if (!isDhtId(key)) throw new EspalierError('PROTOCOL_VIOLATION', 'a key that is not 20 bytes')
      const result = resultFor(key, caller.peer)
      bytes += result.value.length + 2048
      if (bytes > MAX_REPLY_BYTES)
        throw new EspalierError('BAD_ARGUMENT', 'the answer exceeds 4 MiB: ask for fewer keys')
      results.push(result)
    }
    return encodeFindResponse({ node: ownId, results })
  }

  function resultFor(key: DhtId, asking: PeerId): FindResult {
    const found = storage.newest(key)
    const asks = asking.toString()
    return {
      kind: found?.kind ?? 'missing',
      value: found ? serializeStored(found) : new Uint8Array(0),
      expirationS: found?.expirationS ?? 0,
      nearest: table
        .nearest(key, BUCKET_SIZE + 1)
        .filter(({ peer }) => peer.toString() !== asks)
        .slice(0, BUCKET_SIZE)
        .map(({ nodeId, peer }) => ({ nodeId, peerId: peerToBytes(peer) })),
    }
  }

  const counted =
    (handler: UnaryHandler): UnaryHandler =>
    async (payload, caller) => {
      const reply = await handler(payload, caller)
      counters?.count('rpc.served')
      return reply
    }
  const serve = (protocol: string, handler: UnaryHandler, maxRequestBytes?: number) =>
    serveUnary(libp2p, protocol, counted(handler), {
      clock,
      ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
      onFailure: () => counters?.count('rpc.refused'),
    })

  const ends = await Promise.all([serve(RPC_PING, ping, 4_096), serve(RPC_STORE, store), serve(RPC_FIND, find, 65_536)])
  return async () => {
    await Promise.all(ends.map((end) => end()))
  }
}

interface Writer {
  readonly gate: StoreGate
  /** As its connection proved it. */
  readonly peer: PeerId
  readonly name: string
  isNeighbour(): boolean
  readSubkey(bytes: Uint8Array): MsgpackValue
}

/** All that a server writes has the same subkey, its peer id: it is read once. */
function readingOnce(): (subkey: Uint8Array) => MsgpackValue {
  let last: { bytes: Uint8Array; value: MsgpackValue } | null = null
  return (bytes) => {
    if (last === null || Buffer.compare(last.bytes, bytes) !== 0) last = { bytes, value: decodeMsgpack(bytes) }
    return last.value
  }
}

/** @throws PROTOCOL_VIOLATION when the item is not understood */
function storeTask(
  { key, subkey, value, expirationS }: StoreItem,
  store: ExpiringStore,
  { gate, peer, name, isNeighbour, readSubkey }: Writer,
): () => boolean {
  if (!isDhtId(key)) throw new EspalierError('PROTOCOL_VIOLATION', 'a key that is not 20 bytes')
  if (subkey.length === 0) {
    const dictionary = decodeMsgpack(value)
    if (!(dictionary instanceof DictionaryValue)) {
      throw new EspalierError('PROTOCOL_VIOLATION', 'a dictionary was expected')
    }
    return () =>
      dictionary.entries
        .map((entry) => storeEntry(entry.subkey, entry.value, entry.expirationS, isNeighbour()))
        .every((isStored) => isStored)
  }
  if (Buffer.compare(subkey, REGULAR_SUBKEY) === 0) {
    return () => gate.takesRegular(key) && store.storeRegular(key, value, expirationS, name)
  }
  const decoded = readSubkey(subkey)
  return () => storeEntry(decoded, value, expirationS, false)

  /** Only text: one subkey of another type in a dictionary makes Python readers fail on all of it. */
  function storeEntry(entry: MsgpackValue, bytes: Uint8Array, expiresS: number, isHandOver: boolean): boolean {
    if (typeof entry !== 'string' || !gate.takesEntry(entry, peer, expiresS, isHandOver)) return false
    return store.storeEntry(key, entry, bytes, expiresS, name)
  }
}
