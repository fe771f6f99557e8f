import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, test } from 'vitest'
import { commonPrefixBits, compareDistance, dhtIdOf, randomDhtId } from './dht-id'
import { BUCKET_SIZE, RoutingTable } from './routing-table'

const own = new Uint8Array(20)
const peers: PeerId[] = []
beforeAll(async () => {
  for (let index = 0; index < 60; index++) peers.push(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))
})

/** In the farthest region from `own`: the first bit differs. */
function farId(index: number): Uint8Array {
  const id = new Uint8Array(20)
  id[0] = 0x80
  id[19] = index
  return id
}
const names = (nodes: readonly { peer: PeerId }[]) => nodes.map(({ peer }) => peers.indexOf(peer))

describe('distance', () => {
  test('agrees with the integers that the ids are', () => {
    const asInteger = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    for (let round = 0; round < 200; round++) {
      const [target, a, b] = [dhtIdOf(`t${round}`), dhtIdOf(`a${round}`), dhtIdOf(`b${round}`)] as const
      const difference = (asInteger(a) ^ asInteger(target)) - (asInteger(b) ^ asInteger(target))
      expect(Math.sign(compareDistance(target, a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0)
      expect(commonPrefixBits(a, b)).toBe(160 - (asInteger(a) ^ asInteger(b)).toString(2).length)
    }
    expect(commonPrefixBits(own, own)).toBe(160)
    expect(compareDistance(own, own, own)).toBe(0)
  })
})

describe('routing table', () => {
  test('nearest are in order of distance', () => {
    const table = new RoutingTable(randomDhtId())
    const ids = peers.map(() => randomDhtId())
    peers.forEach((peer, index) => {
      table.heard({ nodeId: ids[index]!, peer })
    })
    const target = dhtIdOf('k.0')
    const known = table.all()
    const expected = [...known].sort((a, b) => compareDistance(target, a.nodeId, b.nodeId)).slice(0, 7)
    expect(table.nearest(target, 7)).toEqual(expected)
  })

  test('nearest are in order of distance where only the last bytes differ', () => {
    const table = new RoutingTable(own)
    for (const index of [3, 9, 1, 12, 6, 4]) table.heard({ nodeId: farId(index), peer: peers[index]! })
    expect(names(table.nearest(farId(4), 4))).toEqual([4, 6, 1, 3])
    expect(table.nearest(farId(4), 30)).toHaveLength(6)
  })

  test('a full region names its least recently heard node; when that fails, the newest takes its place', () => {
    const table = new RoutingTable(own)
    for (let index = 0; index < BUCKET_SIZE; index++) {
      expect(table.heard({ nodeId: farId(index), peer: peers[index]! })).toBeNull()
    }
    // Heard again: now node 1 is the one not heard for longest.
    expect(table.heard({ nodeId: farId(0), peer: peers[0]! })).toBeNull()
    expect(table.heard({ nodeId: farId(30), peer: peers[30]! })?.peer).toBe(peers[1])
    expect(table.heard({ nodeId: farId(31), peer: peers[31]! })?.peer).toBe(peers[1])
    expect(table.size).toBe(BUCKET_SIZE)
    expect(table.has(peers[30]!, farId(30))).toBe(false)
    table.remove(peers[1]!)
    expect(table.size).toBe(BUCKET_SIZE)
    expect(names(table.all())).toContain(31)
    expect(names(table.all())).not.toContain(1)
  })

  test('one peer is in it once, whatever ids it claims; our own id never', () => {
    const table = new RoutingTable(own)
    table.heard({ nodeId: farId(1), peer: peers[1]! })
    table.heard({ nodeId: randomDhtId(), peer: peers[1]! })
    expect(table.size).toBe(1)
    expect(table.has(peers[1]!, farId(1))).toBe(false)
    table.heard({ nodeId: own, peer: peers[2]! })
    expect(table.size).toBe(1)
  })

  test('does not change with the caller’s bytes', () => {
    const table = new RoutingTable(own)
    const id = farId(1)
    table.heard({ nodeId: id, peer: peers[1]! })
    id.fill(0)
    expect(table.has(peers[1]!, farId(1))).toBe(true)
  })
})
