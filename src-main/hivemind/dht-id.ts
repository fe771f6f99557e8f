import { hash, randomBytes } from 'node:crypto'
import { encodeMsgpack } from './msgpack'

/** A place in the DHT: 160 bits, 20 bytes big endian. Keys and nodes share the space. */
export type DhtId = Uint8Array
export const DHT_ID_BYTES = 20

/** SHA-1 of the MessagePack of a text; bytes are hashed as they are. */
export function dhtIdOf(source: string | Uint8Array): DhtId {
  const bytes = typeof source === 'string' ? encodeMsgpack(source) : source
  return new Uint8Array(hash('sha1', bytes, 'buffer'))
}

export function randomDhtId(): DhtId {
  return new Uint8Array(randomBytes(DHT_ID_BYTES))
}

/** Node ids of another length make Python peers fail a whole request: neither accept nor pass them on. */
export function isDhtId(bytes: Uint8Array): boolean {
  return bytes.length === DHT_ID_BYTES
}

/** A text for maps; equal for equal ids. */
export function dhtIdKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}

export function isSameId(a: DhtId, b: DhtId): boolean {
  return Buffer.compare(a, b) === 0
}

/** Negative when `a` is nearer to `target` than `b`, 0 when they are the same place. */
export function compareDistance(target: DhtId, a: DhtId, b: DhtId): number {
  for (let index = 0; index < DHT_ID_BYTES; index++) {
    const reference = target[index] ?? 0
    const difference = ((a[index] ?? 0) ^ reference) - ((b[index] ?? 0) ^ reference)
    if (difference !== 0) return difference
  }
  return 0
}

/** Together with four bytes of distance still an exact number. */
const MAX_SORTED = 2 ** 21

/**
 * The same nodes, nearest to `target` first, or only so many of them. Four bytes decide nearly always: a distance and the
 * place in the list make one number, and a list of numbers is sorted without comparing two nodes. Lists of up to two million.
 */
export function nearestFirst<T extends { readonly nodeId: DhtId }>(
  target: DhtId,
  nodes: readonly T[],
  count = nodes.length,
): T[] {
  const reference = firstBytes(target)
  const order = new Float64Array(nodes.length)
  let at = 0
  for (const { nodeId } of nodes) {
    order[at] = ((firstBytes(nodeId) ^ reference) >>> 0) * MAX_SORTED + at
    at++
  }
  order.sort()
  const nearest: T[] = []
  let previous = -1
  for (const place of order) {
    const distance = Math.floor(place / MAX_SORTED)
    if (distance === previous) {
      return [...nodes].sort((a, b) => compareDistance(target, a.nodeId, b.nodeId)).slice(0, count)
    }
    previous = distance
    const node = nodes[place % MAX_SORTED]
    if (node && nearest.length < count) nearest.push(node)
  }
  return nearest
}

function firstBytes(id: DhtId): number {
  return ((id[0] ?? 0) << 24) | ((id[1] ?? 0) << 16) | ((id[2] ?? 0) << 8) | (id[3] ?? 0)
}

/** How many leading bits agree: 160 for the same id. */
export function commonPrefixBits(a: DhtId, b: DhtId): number {
  for (let index = 0; index < DHT_ID_BYTES; index++) {
    const difference = (a[index] ?? 0) ^ (b[index] ?? 0)
    if (difference !== 0) return 8 * index + Math.clz32(difference) - 24
  }
  return 8 * DHT_ID_BYTES
}
