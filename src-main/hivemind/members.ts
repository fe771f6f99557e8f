import type { PeerId } from '@libp2p/interface'
import type { Blacklist } from './blacklist'
import { type DhtId, isDhtId } from './dht-id'
import type { DhtRpc } from './dht-rpc'
import { recordsForNewcomer } from './hand-over'
import type { NodeInfo } from './messages'
import type { RoutingTable } from './routing-table'
import type { ExpiringStore } from './storage'

const MAX_HAND_OVERS = 4

/** Keeps the routing table true: whoever is heard is in it, whoever fails is out and left alone for a while. */
export interface Members {
  heard(peer: PeerId, node: NodeInfo): void
  failed(peer: PeerId): void
}

export function createMembers(options: {
  self: PeerId
  ownId: DhtId
  table: RoutingTable
  blacklist: Blacklist
  rpc: () => DhtRpc
  /** Null in client mode: nothing is kept, so nothing is handed over. */
  store: () => ExpiringStore | null
  replicas: number
}): Members {
  const { self, ownId, table, blacklist } = options
  const checking = new Set<string>()
  let handOvers = 0

  function welcome(peer: PeerId, newcomer: DhtId): void {
    const store = options.store()
    if (!store || handOvers >= MAX_HAND_OVERS) return
    const items = recordsForNewcomer({ newcomer, ownId, table, store, replicas: options.replicas })
    if (items.length === 0) return
    handOvers++
    const done = () => {
      handOvers--
    }
    // A failure has already taken the newcomer out of the table: it names a node id and does not serve it.
    options.rpc().store(peer, items).then(done, done)
  }

  function check(peer: PeerId): void {
    const key = peer.toString()
    if (checking.has(key)) return
    checking.add(key)
    const done = () => {
      checking.delete(key)
    }
    options.rpc().ping(peer, { validate: false }).then(done, done)
  }

  return {
    heard(peer, node) {
      blacklist.answered(peer)
      if (!isDhtId(node) || peer.equals(self)) return
      const isNew = !table.has(peer, node)
      if (isNew) welcome(peer, node.slice())
      const oldest = table.heard({ nodeId: node, peer })
      if (oldest) check(oldest.peer)
    },
    failed(peer) {
      table.remove(peer)
      blacklist.failed(peer)
    },
  }
}
