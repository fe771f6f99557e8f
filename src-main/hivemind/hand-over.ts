import { compareDistance, type DhtId } from './dht-id'
import type { StoreItem } from './messages'
import { encodeMsgpack } from './msgpack'
import { BUCKET_SIZE, type RoutingTable } from './routing-table'
import { type ExpiringStore, serializeStored } from './storage'

/** Subkey of a regular value, and of a value that is a whole dictionary. */
export const REGULAR_SUBKEY = encodeMsgpack(null)
export const DICTIONARY_SUBKEY = new Uint8Array(0)

const MAX_RECORDS = 256
const MAX_BYTES = 1024 * 1024

/**
 * The records that a node we have just met should keep from now on: those for which we are the nearest node that
 * is here, and for which it is nearer than the farthest of the usual replicas. Without this, a key would be looked
 * for at a newcomer that never heard of it. Bounded to what fits into one request.
 */
export function recordsForNewcomer(options: {
  newcomer: DhtId
  ownId: DhtId
  table: RoutingTable
  store: ExpiringStore
  replicas: number
}): StoreItem[] {
  const { newcomer, ownId, table, store, replicas } = options
  const items: StoreItem[] = []
  let bytes = 0
  for (const { id, value } of store.items()) {
    const neighbours = table.nearest(id, Math.min(replicas, BUCKET_SIZE))
    const [nearest] = neighbours
    const farthest = neighbours[neighbours.length - 1]
    if (nearest && farthest) {
      const isOurs = compareDistance(id, ownId, nearest.nodeId) < 0
      const isTheirs = compareDistance(id, newcomer, farthest.nodeId) < 0 || neighbours.length < replicas
      if (!isOurs || !isTheirs) continue
    }
    const item = {
      key: id,
      subkey: value.kind === 'regular' ? REGULAR_SUBKEY : DICTIONARY_SUBKEY,
      value: serializeStored(value),
      expirationS: value.expirationS,
      inCache: false,
    }
    if (items.length >= MAX_RECORDS) break
    if (bytes + item.value.length > MAX_BYTES) continue
    bytes += item.value.length
    items.push(item)
  }
  return items
}
