import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { Blacklist } from './blacklist'
import { type DhtId, dhtIdKey, dhtIdOf, nearestFirst } from './dht-id'
import type { DhtRpc } from './dht-rpc'
import { rememberPlaces } from './known-places'
import { type KnownPlace, type LookupResult, lookup } from './lookup'
import { peerToBytes } from './peer-bytes'
import { type KnownNode, RoutingTable } from './routing-table'

const SIZE = 120
const KEYS = Array.from({ length: 20 }, (_, block) => dhtIdOf(`Model.${block}`))
const REPLICAS = 5
const NEWCOMERS = 30

const peers: PeerId[] = []
beforeAll(async () => {
  for (let i = 0; i <= SIZE + NEWCOMERS; i++) peers.push(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))
})

/** Nodes that answer from routing tables of their own, and one that looks. */
function network() {
  const nodes: KnownNode[] = Array.from({ length: SIZE }, (_, i) => ({ nodeId: dhtIdOf(`node ${i}`), peer: peers[i]! }))
  const tables = new Map(nodes.map((node) => [node.peer.toString(), new RoutingTable(node.nodeId)]))
  for (const [id, table] of tables) for (const node of nodes) if (node.peer.toString() !== id) table.heard(node)
  const clock = new FakeClock()
  const self = peers[SIZE]!
  const table = new RoutingTable(dhtIdOf('one who looks'))
  for (const node of nodes) table.heard(node)
  const gone = new Set<string>()
  const lies = new Map<string, readonly KnownNode[]>()
  const asked = { calls: 0, keys: 0, peers: new Set<string>(), answered: new Set<string>() }
  const rpc: Pick<DhtRpc, 'find'> = {
    async find(peer, keys) {
      asked.calls++
      asked.keys += keys.length
      asked.peers.add(peer.toString())
      const theirs = tables.get(peer.toString())
      if (!theirs || gone.has(peer.toString())) throw new Error('no answer')
      asked.answered.add(peer.toString())
      return keys.map((key) => {
        const near = [...(lies.get(dhtIdKey(key)) ?? []), ...theirs.nearest(key, 20)].slice(0, 20)
        return {
          kind: 'missing',
          value: new Uint8Array(0),
          expirationS: 0,
          nearest: near.map((node) => ({ nodeId: node.nodeId, peerId: peerToBytes(node.peer) })),
        }
      })
    },
  }
  return {
    nodes,
    gone,
    async look(place?: (key: DhtId) => KnownPlace | null) {
      Object.assign(asked, { calls: 0, keys: 0, peers: new Set(), answered: new Set() })
      const context = { self, rpc: rpc as DhtRpc, table, clock, counters: undefined, signal: undefined }
      const blacklist = new Blacklist(clock)
      const found = await lookup(KEYS, { ...context, blacklist, ...(place && { place }) })
      const { calls, keys, peers: who, answered } = asked
      return {
        ...{ calls, keys },
        found: (key: DhtId) => found.get(dhtIdKey(key))!,
        asked: (peer: PeerId) => who.has(peer.toString()),
        answered: (peer: string) => answered.has(peer),
      }
    },
    lie: (key: DhtId, invented: readonly KnownNode[]) => void lies.set(dhtIdKey(key), invented),
    join(node: KnownNode, knownTo: readonly KnownNode[]) {
      nodes.push(node)
      const own = new RoutingTable(node.nodeId)
      tables.set(node.peer.toString(), own)
      for (const other of knownTo) {
        own.heard(other)
        tables.get(other.peer.toString())?.heard(node)
      }
    },
  }
}

/** As a node remembers them that has looked for all of them. */
function placesOf({ found }: { found(key: DhtId): LookupResult }): (key: DhtId) => KnownPlace {
  const places = new Map(KEYS.map((key) => [key, found(key).nearest.slice(0, 20)]))
  return (key) => ({ nodes: places.get(key) ?? [], scope: REPLICAS, witnesses: 2 * REPLICAS, confirmations: 2 })
}

const names = (nodes: readonly KnownNode[]) => nodes.map(({ peer }) => peer.toString())

it('M-30: a look-up ends with the twenty nearest of all, as the beam search of hivemind does', async () => {
  const { nodes, look } = network()
  const { found } = await look()
  for (const key of KEYS) {
    const nearest = names(nearestFirst(key, nodes))
    expect(names(found(key).nearest).slice(0, 20)).toEqual(nearest.slice(0, 20))
  }
})

it('M-30: where a place is known two confirm it, and who has come or gone is noticed all the same', async () => {
  const { nodes, gone, join, look } = network()
  const whole = await look()
  const place = placesOf(whole)
  const again = await look(place)
  expect(again.keys).toBe(2 * KEYS.length)
  // More than those that keep a record may speak for it, and so each for more records.
  const five = await look((key) => ({ ...place(key), witnesses: REPLICAS }))
  expect(again.calls).toBeLessThanOrEqual(0.8 * five.calls)
  expect(whole.keys).toBeGreaterThanOrEqual(20 * KEYS.length)
  for (const key of KEYS) expect(names(again.found(key).nearest).slice(0, 20)).toEqual(names(place(key).nodes))

  // Since then all but one of those that keep the first key have left, and nearer to the second one has come.
  const [left, nearer] = [KEYS[0]!, KEYS[1]!]
  const leavers = names(place(left).nodes).slice(0, REPLICAS - 1)
  for (const peer of leavers) gone.add(peer)
  const newcomer = { nodeId: nearer.slice(), peer: peers[SIZE + 1]! }
  // Whoever joins looks itself up: the nearest to it have heard of it, others have not.
  join(newcomer, nearestFirst(nearer, nodes).slice(0, 20))
  const later = await look(place)
  expect(names(later.found(nearer).nearest)[0]).toBe(newcomer.peer.toString())
  // It was asked and not only named.
  expect(later.asked(newcomer.peer)).toBe(true)
  // Of those that have left, those that were asked in vain are no longer counted on; two others confirmed.
  const remaining = later.found(left).nearest
  for (const { peer } of remaining) expect(later.asked(peer) && gone.has(peer.toString())).toBe(false)
  const witnesses = names(remaining)
    .filter((peer) => !leavers.includes(peer))
    .slice(0, 2 * REPLICAS)
  expect(witnesses.filter((peer) => later.answered(peer)).length).toBeGreaterThanOrEqual(2)
})

it('M-30: of many who have come since, none of the five nearest to a key is missed', async () => {
  const { nodes, join, look } = network()
  const place = placesOf(await look())
  const newcomers = Array.from({ length: NEWCOMERS }, (_, i) => {
    const node = { nodeId: dhtIdOf(`newcomer ${i}`), peer: peers[SIZE + 1 + i]! }
    join(node, nearestFirst(node.nodeId, nodes).slice(0, 20))
    return node.peer.toString()
  })
  const { found } = await look(place)
  const nearest = KEYS.map((key) => names(nearestFirst(key, nodes)).slice(0, REPLICAS))
  expect(nearest.flat().filter((peer) => newcomers.includes(peer)).length).toBeGreaterThan(10)
  expect(KEYS.map((key) => names(found(key).nearest).slice(0, REPLICAS))).toEqual(nearest)
})

it('M-30: a node that names others which do not exist gets nothing stored there', async () => {
  const { nodes, lie, look } = network()
  const whole = await look()
  const place = placesOf(whole)
  // Every one of them invents a neighbour nearer than all, and one that is only rather near.
  const invented = [peers[SIZE + 1]!, peers[SIZE + 2]!] as const
  for (const key of KEYS) {
    const ratherNear = place(key).nodes[10]!.nodeId.slice()
    ratherNear[19] = 255 - ratherNear[19]!
    lie(key, [
      { nodeId: key.slice(), peer: invented[0] },
      { nodeId: ratherNear, peer: invented[1] },
    ])
  }
  for (const { found } of [await look(place), await look()]) {
    for (const key of KEYS) {
      const nearest = names(found(key).nearest)
      expect(nearest.slice(0, 5)).toEqual(names(nearestFirst(key, nodes)).slice(0, 5))
      for (const peer of invented) expect(nearest).not.toContain(peer.toString())
    }
  }
})

it('M-30: a place is looked for anew every quarter of an hour, however often it was verified', () => {
  let nowMs = 0
  const places = rememberPlaces({ monotonicMs: () => nowMs }, 1)
  const nodes = [{ nodeId: dhtIdOf('node'), peer: peers[0]! }]
  const [key, other] = [KEYS[0]!, KEYS[1]!]
  expect(places.recall(key)).toBeNull()
  places.note(key, nodes, true)
  for (; nowMs < 900_000; nowMs += 60_000) {
    expect(places.recall(key)).toEqual(nodes)
    places.note(key, nodes, false)
  }
  expect(places.recall(key)).toBeNull()
  // A verification of what is no longer known, or one that found nobody, is no place.
  places.note(other, nodes, false)
  places.note(key, [], true)
  expect([places.recall(other), places.recall(key)]).toEqual([null, null])
  places.note(key, [...nodes, { nodeId: key, peer: peers[1]! }], true)
  places.forget(peers[0]!)
  expect(places.recall(key)).toEqual([{ nodeId: key, peer: peers[1]! }])
})
