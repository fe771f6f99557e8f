import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { isErrorCode } from '../../src-shared/errors'
import type { Blacklist } from './blacklist'
import { abortError } from './deadline'
import { type DhtId, dhtIdKey, isDhtId, nearestFirst } from './dht-id'
import type { DhtCounters, DhtRpc } from './dht-rpc'
import { dhtTimeS } from './expiration'
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
/** An 80-block model in one call: what a call costs is the call, not its keys. */
export const KEYS_PER_CALL = 128
/** When that was too much for the other side: keys of crowded models have long answers, and a reply has 4 MiB. */
const KEYS_PER_SMALL_CALL = 32
const CALLS_AT_ONCE = 8
/** Ends a search that strangers prolong by naming ever nearer nodes that do not exist. */
const MAX_ASKED_PER_KEY = 64

/** What is known of a key's place already. */
export interface KnownPlace {
  /** Who answered when it was looked for. */
  nodes: readonly KnownNode[]
  /** How many of the nearest matter. */
  scope: number
  /** How many of those have to name their neighbours: they know whether somebody nearer has come. */
  confirmations: number
}

interface Search {
  readonly key: DhtId
  readonly place: KnownPlace | null
  /** Of the place's nodes. */
  readonly trusted: ReadonlySet<string>
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
  const { self, without, rpc, table, blacklist, clock, counters, signal } = context
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
      value: null,
    }
    for (const nodes of [table.nearest(key, BEAM_SIZE), place?.nodes ?? []]) {
      add(
        search,
        nodes.filter(({ peer }) => isNew(search, peer)),
      )
    }
    return search
  }

  function isNew(search: Search, peer: PeerId): boolean {
    return !search.known.has(peer.toString()) && !peer.equals(self) && !without?.equals(peer) && !blacklist.has(peer)
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

  /** Whom it is worth asking about a key now, nearest first. */
  function openNodes({ place, candidates, asked, trusted }: Search): KnownNode[] {
    if (asked.size >= MAX_ASKED_PER_KEY) return []
    const open: KnownNode[] = []
    let alive = 0
    for (const node of candidates) {
      const id = node.peer.toString()
      if (failed.has(id)) continue
      if (!asked.has(id)) open.push(node)
      if (++alive === (place?.scope ?? BEAM_SIZE)) break
    }
    const isConfirmed = place !== null && alive - open.length >= place.confirmations
    return isConfirmed ? open.filter(({ peer }) => !trusted.has(peer.toString())) : open
  }

  /** One peer, with every key that it is worth asking for. */
  function nextCall(): { peer: PeerId; searches: Search[] } | null {
    const all = [...searches.values()].map((search) => ({ search, open: openNodes(search) }))
    // Where a place is not known the nearest are asked first: what they say tells who the others are.
    const unknown = all.find(({ search, open }) => search.place === null && open.length > 0)
    const peer = unknown?.open[0]?.peer ?? mostOpen(all.map(({ open }) => open))
    if (!peer) return null
    const wanted = all.filter(({ open }) => open.some((node) => node.peer.equals(peer)))
    return { peer, searches: wanted.slice(0, KEYS_PER_CALL).map(({ search }) => search) }
  }

  async function findAll(peer: PeerId, wanted: readonly DhtId[]): Promise<FindResult[]> {
    try {
      return await rpc.find(peer, wanted, { signal })
    } catch (error) {
      const isTooMuch = isErrorCode(error, 'REMOTE_ERROR') || isErrorCode(error, 'TIMED_OUT')
      if (wanted.length <= KEYS_PER_SMALL_CALL || !isTooMuch || signal?.aborted) throw error
      const results: FindResult[] = []
      for (let from = 0; from < wanted.length; from += KEYS_PER_SMALL_CALL) {
        results.push(...(await rpc.find(peer, wanted.slice(from, from + KEYS_PER_SMALL_CALL), { signal })))
      }
      return results
    }
  }

  async function ask(peer: PeerId, wanted: readonly Search[]): Promise<void> {
    const id = peer.toString()
    let results: FindResult[]
    try {
      results = await findAll(
        peer,
        wanted.map((search) => search.key),
      )
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
  for (const [id, { candidates, answered, trusted, value }] of searches) {
    const isGood = (peer: string) => answered.has(peer) || (trusted.has(peer) && !failed.has(peer))
    results.set(id, { nearest: candidates.filter(({ peer }) => isGood(peer.toString())), value })
  }
  return results
}

/** Who can answer for the most keys; of several the one that is first. */
function mostOpen(lists: readonly (readonly KnownNode[])[]): PeerId | undefined {
  const counts = new Map<string, { peer: PeerId; count: number }>()
  let most: { peer: PeerId; count: number } | undefined
  for (const { peer } of lists.flat()) {
    const entry = counts.get(peer.toString()) ?? { peer, count: 0 }
    counts.set(peer.toString(), entry)
    entry.count++
    if (entry.count > (most?.count ?? 0)) most = entry
  }
  return most?.peer
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
