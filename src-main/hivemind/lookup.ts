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
  /** Nodes that answered, now or when the place was found, and did not fail; nearest to the key first. Never ourselves. */
  nearest: KnownNode[]
  value: FoundValue | null
}

/** How many of the nearest are asked about a key, and named by each. */
const BEAM_SIZE = BUCKET_SIZE
const CALLS_AT_ONCE = 8
/** Ends a search that strangers prolong by naming ever nearer nodes that do not exist. */
const MAX_ASKED_PER_KEY = 64

/** What is known of a key's place already. */
export interface KnownPlace {
  /** Who answered when it was looked for. */
  nodes: readonly KnownNode[]
  /** How many of the nearest matter. */
  scope: number
  /** How many are near enough to know whether somebody nearer has come. More than matter: each can speak for more keys. */
  witnesses: number
  /** How many of those have to name their neighbours. */
  confirmations: number
}

/** A node with the text of its peer id, which is what peers are told apart by here. */
interface Candidate extends KnownNode {
  readonly id: string
}

interface Search {
  readonly key: DhtId
  readonly place: KnownPlace | null
  /** Of the place's nodes. */
  readonly trusted: ReadonlySet<string>
  /** Nearest first, by peer. */
  candidates: Candidate[]
  readonly known: Set<string>
  readonly asked: Set<string>
  readonly answered: Set<string>
  /** Whom it is worth asking now; null when that has to be found out anew. */
  open: readonly Candidate[] | null
  value: FoundValue | null
}

/**
 * Beam search for many keys at once: asks the nearest node not yet asked, learns its neighbours, and ends when the
 * 20 nearest of all that answer have been asked. One call carries every key for which its receiver is in the beam,
 * so a small network is asked once for everything. Where a key's place is known, whoever is new there is asked, and a
 * few of the others: those that can speak for many keys at once.
 * @returns one result per key, by `dhtIdKey`
 * @throws TIMED_OUT or CANCELLED when the signal aborts; peers that fail are only left out
 */
export async function lookup(
  keys: readonly DhtId[],
  context: {
    self: PeerId
    /** Not asked either: what it says about itself is what is being judged. */
    without?: PeerId | undefined
    rpc: DhtRpc
    table: RoutingTable
    blacklist: Blacklist
    clock: Clock
    counters: DhtCounters | undefined
    signal: AbortSignal | undefined
    place?: (key: DhtId) => KnownPlace | null
  },
): Promise<Map<string, LookupResult>> {
  const { rpc, table, blacklist, clock, counters, signal } = context
  const neverAsked = [context.self, context.without].map((peer) => peer?.toString())
  const failed = new Set<string>()
  const peerOf = rememberingPeers()
  const searches = new Map<string, Search>()
  for (const key of keys) searches.set(dhtIdKey(key), beginSearch(key))

  function beginSearch(key: DhtId): Search {
    const place = context.place?.(key) ?? null
    const search: Search = {
      key,
      place,
      trusted: new Set(place?.nodes.map(({ peer }) => peer.toString())),
      candidates: [],
      known: new Set(),
      asked: new Set(),
      answered: new Set(),
      open: null,
      value: null,
    }
    add(search, [...table.nearest(key, BEAM_SIZE), ...(place?.nodes ?? [])])
    return search
  }

  /** Those of them that this search has not heard of yet. */
  function add(search: Search, nodes: readonly KnownNode[]): void {
    const fresh: Candidate[] = []
    for (const { nodeId, peer } of nodes) {
      const id = peer.toString()
      if (search.known.has(id) || neverAsked.includes(id) || blacklist.has(peer)) continue
      search.known.add(id)
      fresh.push({ nodeId, peer, id })
    }
    if (fresh.length > 0) search.candidates = nearestFirst(search.key, [...search.candidates, ...fresh])
  }

  /** Most of what an answer names is known from others: only the rest is looked at closely. */
  function learn(search: Search, { nearest }: FindResult): void {
    const found: KnownNode[] = []
    for (const { nodeId, peerId } of nearest.slice(0, BEAM_SIZE)) {
      const peer = peerOf(peerId)
      if (peer && isDhtId(nodeId) && !search.known.has(peer.toString())) found.push({ nodeId: nodeId.slice(), peer })
    }
    add(search, found)
  }

  /** Whom it is worth asking about a key now, nearest first. */
  function openNodes(search: Search): readonly Candidate[] {
    search.open ??= search.asked.size < MAX_ASKED_PER_KEY ? findOpen(search) : []
    return search.open
  }

  function findOpen({ place, candidates, asked, trusted }: Search): readonly Candidate[] {
    const alive = candidates.filter(({ id }) => !failed.has(id)).slice(0, place?.witnesses ?? BEAM_SIZE)
    const open = alive.filter(({ id }) => !asked.has(id))
    if (place === null || alive.length - open.length < place.confirmations) return open
    // Confirmed. What is left is who has come since, and is near enough to matter.
    return alive.slice(0, place.scope).filter(({ id }) => !asked.has(id) && !trusted.has(id))
  }

  /** One peer, with every key that it is worth asking for. */
  function nextCall(): { peer: PeerId; id: string; searches: Search[] } | null {
    const all = [...searches.values()]
    // Where a place is not known the nearest are asked first: what they say tells who the others are.
    const unknown = all.find((search) => search.place === null && openNodes(search).length > 0)
    const next = unknown ? openNodes(unknown)[0] : mostOpen(all.map(openNodes))
    if (!next) return null
    const { peer, id } = next
    const wanted = all.filter((search) => openNodes(search).some((node) => node.id === id))
    return { peer, id, searches: wanted.slice(0, KEYS_PER_CALL) }
  }

  async function ask(peer: PeerId, id: string, wanted: readonly Search[]): Promise<void> {
    let results: FindResult[]
    try {
      const keys = wanted.map((search) => search.key)
      results = await findInParts(rpc, peer, keys, { signal })
    } catch {
      // Counted and blacklisted where the call was made; the search goes on without this peer.
      failed.add(id)
      for (const search of searches.values()) if (search.known.has(id)) search.open = null
      return
    }
    wanted.forEach((search, index) => {
      const result = results[index]
      if (!result) return
      search.answered.add(id)
      search.open = null
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
      for (const search of call.searches) {
        search.asked.add(call.id)
        search.open = null
      }
      const task: Promise<void> = ask(call.peer, call.id, call.searches).finally(() => running.delete(task))
      running.add(task)
    } else if (running.size > 0) await Promise.race(running)
    else break
  }

  const results = new Map<string, LookupResult>()
  for (const [name, { candidates, answered, trusted, value }] of searches) {
    const isGood = ({ id }: Candidate) => answered.has(id) || (trusted.has(id) && !failed.has(id))
    results.set(name, { nearest: candidates.filter(isGood), value })
  }
  return results
}

/** Who can answer for the most keys; of several the one that is first. */
function mostOpen(lists: readonly (readonly Candidate[])[]): Candidate | undefined {
  const counts = new Map<string, number>()
  let most: Candidate | undefined
  let mostCount = 0
  for (const list of lists) {
    for (const candidate of list) {
      const count = (counts.get(candidate.id) ?? 0) + 1
      counts.set(candidate.id, count)
      if (count <= mostCount) continue
      most = candidate
      mostCount = count
    }
  }
  return most
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
