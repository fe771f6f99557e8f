import type { PeerId } from '@libp2p/interface'
import { commonPrefixBits, type DhtId, isSameId, nearestFirst } from './dht-id'

export interface KnownNode {
  readonly nodeId: DhtId
  readonly peer: PeerId
}

/** How many nodes a bucket holds, and how many neighbours of a key are told to others. */
export const BUCKET_SIZE = 20

interface Bucket {
  /** Least recently heard first. */
  readonly nodes: KnownNode[]
  /** Heard while the bucket was full; the newest takes the next free place. */
  readonly waiting: KnownNode[]
}

/**
 * Nodes that serve the DHT, by distance from ourselves: many near ones, few of each farther region. At most 20
 * per region, so strangers cannot fill it; one peer is in it once, whatever ids it claims.
 */
export class RoutingTable {
  private readonly buckets = new Map<number, Bucket>()
  private readonly bucketOfPeer = new Map<string, number>()
  /** Made when it is asked for: somebody who asks about eighty keys needs it eighty times. */
  private flat: readonly KnownNode[] | null = null

  constructor(private readonly ownId: DhtId) {}

  get size(): number {
    return this.all().length
  }

  has(peer: PeerId, nodeId: DhtId): boolean {
    const id = peer.toString()
    const nodes = this.buckets.get(this.bucketOfPeer.get(id) ?? -1)?.nodes ?? []
    return nodes.some((node) => isOf(node, id) && isSameId(node.nodeId, nodeId))
  }

  /**
   * Notes that a node was heard.
   * @returns a node to ping when there was no place: if it does not answer, `remove` it and the new one moves in
   */
  heard(node: KnownNode): KnownNode | null {
    const index = commonPrefixBits(this.ownId, node.nodeId)
    // Our own id: ourselves, or somebody who pretends to be.
    if (index === 8 * this.ownId.length) return null
    if (this.heardAgain(node, index)) return null
    this.remove(node.peer, false)
    const bucket = this.buckets.get(index) ?? { nodes: [], waiting: [] }
    this.buckets.set(index, bucket)
    this.bucketOfPeer.set(node.peer.toString(), index)
    if (bucket.nodes.length < BUCKET_SIZE) {
      bucket.nodes.push({ nodeId: node.nodeId.slice(), peer: node.peer })
      this.flat = null
      return null
    }
    bucket.waiting.push({ nodeId: node.nodeId.slice(), peer: node.peer })
    if (bucket.waiting.length > BUCKET_SIZE) {
      const forgotten = bucket.waiting.shift()
      if (forgotten) this.bucketOfPeer.delete(forgotten.peer.toString())
    }
    return bucket.nodes[0] ?? null
  }

  /** Most of whom we hear is in its place already, and only the last of those there to be doubted now. */
  private heardAgain({ peer, nodeId }: KnownNode, index: number): boolean {
    const id = peer.toString()
    const nodes = this.bucketOfPeer.get(id) === index ? this.buckets.get(index)?.nodes : undefined
    const place = nodes?.findIndex((node) => isOf(node, id)) ?? -1
    const known = nodes?.[place]
    if (!nodes || !known || !isSameId(known.nodeId, nodeId)) return false
    nodes.splice(place, 1)
    nodes.push(known)
    return true
  }

  /** @param promote whether a waiting node takes the place that becomes free */
  remove(peer: PeerId, promote = true): void {
    const key = peer.toString()
    const bucket = this.buckets.get(this.bucketOfPeer.get(key) ?? -1)
    if (!bucket) return
    this.bucketOfPeer.delete(key)
    this.flat = null
    for (const list of [bucket.nodes, bucket.waiting]) {
      const index = list.findIndex((node) => isOf(node, key))
      if (index >= 0) list.splice(index, 1)
    }
    const next = promote && bucket.nodes.length < BUCKET_SIZE ? bucket.waiting.pop() : undefined
    if (next) bucket.nodes.push(next)
  }

  /** At most `count` nodes, nearest to `target` first. */
  nearest(target: DhtId, count: number): KnownNode[] {
    return nearestFirst(target, this.all(), count)
  }

  all(): readonly KnownNode[] {
    this.flat ??= [...this.buckets.values()].flatMap((bucket) => bucket.nodes)
    return this.flat
  }
}

/** Texts of peer ids are kept by the library, and sooner compared than their bytes. */
function isOf({ peer }: KnownNode, id: string): boolean {
  return peer.toString() === id
}
