import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import type { Blacklist } from './blacklist'
import { abortError } from './deadline'
import { type DhtId, dhtIdKey, isDhtId, nearestFirst } from './dht-id'
import type { DhtCounters, DhtRpc } from './dht-rpc'
import { dhtTimeS } from './expiration'
import { findInParts, KEYS_PER_CALL } from './find-parts'
import { type FoundValue, foundFrom, mergeFound } from './found-value'
import type { FindResult } from './messages'
import { peerFromBytes } from './peer-bytes'
import { BUCKET_SIZE, type KnownNode, type RoutingTable } from './routing-table'

export interface LookupResult {
  /** Nodes that answered, nearest to the key first. Never ourselves. */
  nearest: KnownNode[]
  value: FoundValue | null
}

const BEAM_SIZE = BUCKET_SIZE
const CALLS_AT_ONCE = 8
/** Ends a search that strangers prolong by naming ever nearer nodes that do not exist. */
const MAX_ASKED_PER_KEY = 64

interface Search {
  readonly key: DhtId
  /** Nearest first, by peer. */
  candidates: KnownNode[]
  readonly known: Set<string>
  readonly asked: Set<string>
  readonly answered: Set<string>
  value: FoundValue | null
}

/**
 * Beam search for many keys at once: asks the nearest node not yet asked, learns its neighbours, and ends when the
 * 20 nearest of all that answer have been asked. One call carries every key for which its receiver is in the beam,
 * so a small network is asked once for everything.
 * @returns one result per key, by `dhtIdKey`
 * @throws TIMED_OUT or CANCELLED when the signal aborts; peers that fail are only left out
 */
export async function lookup(
  keys: readonly DhtId[],
  context: {
    self: PeerId
    rpc: DhtRpc
    table: RoutingTable
    blacklist: Blacklist
    clock: Clock
    counters: DhtCounters | undefined
    signal: AbortSignal | undefined
  },
): Promise<Map<string, LookupResult>> {
  const { self, rpc, table, blacklist, clock, counters, signal } = context
  const failed = new Set<string>()
  const peerOf = rememberingPeers()
  const searches = new Map<string, Search>()
  for (const key of keys) searches.set(dhtIdKey(key), beginSearch(key))

  function beginSearch(key: DhtId): Search {
    const search: Search = {
      key,
      candidates: [],
      known: new Set(),
      asked: new Set(),
      answered: new Set(),
      value: null,
    }
    add(
      search,
      table.nearest(key, BEAM_SIZE).filter(({ peer }) => isNew(search, peer)),
    )
    return search
  }

  function isNew(search: Search, peer: PeerId): boolean {
    return !search.known.has(peer.toString()) && !peer.equals(self) && !blacklist.has(peer)
  }

  function add(search: Search, nodes: readonly KnownNode[]): void {
    if (nodes.length === 0) return
    for (const { peer } of nodes) search.known.add(peer.toString())
    search.candidates = nearestFirst(search.key, [...search.candidates, ...nodes])
  }

  /** Most of what an answer names is known from others: only the rest is looked at closely. */
  function learn(search: Search, { nearest }: FindResult): void {
    const found = new Map<string, KnownNode>()
    for (const { nodeId, peerId } of nearest.slice(0, BEAM_SIZE)) {
      const peer = peerOf(peerId)
      if (peer && isDhtId(nodeId) && isNew(search, peer)) found.set(peer.toString(), { nodeId: nodeId.slice(), peer })
    }
    add(search, [...found.values()])
  }

  function beam(search: Search): KnownNode[] {
    const alive = search.candidates.filter(({ peer }) => !failed.has(peer.toString()))
    return alive.slice(0, BEAM_SIZE)
  }

  /** The nearest node not yet asked for any key, with every key that it is worth asking for. */
  function nextCall(): { peer: PeerId; searches: Search[] } | null {
    const beams = [...searches.values()]
      .filter((search) => search.asked.size < MAX_ASKED_PER_KEY)
      .map((search) => ({ search, open: beam(search).filter(({ peer }) => !search.asked.has(peer.toString())) }))
    const peer = beams.find(({ open }) => open.length > 0)?.open[0]?.peer
    if (!peer) return null
    const wanted = beams.filter(({ open }) => open.some((node) => node.peer.equals(peer)))
    return { peer, searches: wanted.slice(0, KEYS_PER_CALL).map(({ search }) => search) }
  }

  async function ask(peer: PeerId, wanted: readonly Search[]): Promise<void> {
    const id = peer.toString()
    let results: FindResult[]
    try {
      const keys = wanted.map((search) => search.key)
      results = await findInParts(rpc, peer, keys, { signal })
    } catch {
      // Counted and blacklisted where the call was made; the search goes on without this peer.
      failed.add(id)
      return
    }
    wanted.forEach((search, index) => {
      const result = results[index]
      if (!result) return
      search.answered.add(id)
      learn(search, result)
      try {
        search.value = mergeFound(search.value, foundFrom(result, dhtTimeS(clock)))
      } catch {
        // One unreadable value must not hide what other peers have.
        counters?.count('answer.invalid')
      }
    })
  }

  const running = new Set<Promise<void>>()
  for (;;) {
    if (signal?.aborted) throw abortError(signal)
    const call = running.size < CALLS_AT_ONCE ? nextCall() : null
    if (call) {
      for (const search of call.searches) search.asked.add(call.peer.toString())
      const task: Promise<void> = ask(call.peer, call.searches).finally(() => running.delete(task))
      running.add(task)
    } else if (running.size > 0) await Promise.race(running)
    else break
  }

  const results = new Map<string, LookupResult>()
  for (const [id, search] of searches) {
    const nearest = search.candidates.filter(({ peer }) => search.answered.has(peer.toString()))
    results.set(id, { nearest, value: search.value })
  }
  return results
}

/** Every answer names the same few neighbours for every key, and reading a peer id costs more than all the rest. */
function rememberingPeers(): (bytes: Uint8Array) => PeerId | null {
  const known = new Map<string, PeerId | null>()
  return (bytes) => {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    let peer = known.get(key)
    if (peer === undefined) {
      peer = peerFromBytes(bytes)
      known.set(key, peer)
    }
    return peer
  }
}
