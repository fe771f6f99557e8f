import type { Libp2p, Peer, PeerData, PeerId, PeerStore } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'

/** How long what was read or written need not be read or written again. Far below the hour that addresses live. */
const FRESH_FOR_MS = 60_000
const MAX_PEERS = 1_000

interface Known {
  readonly peer: Peer
  readonly untilMs: number
}

/** What this file changes of a libp2p host. */
export type HostWithPeerStore = {
  peerStore: Pick<PeerStore, 'get' | 'merge' | 'save' | 'patch' | 'delete'>
} & Pick<Libp2p, 'addEventListener' | 'peerId'>

/**
 * For every stream, libp2p notes that the other side speaks its protocol, and for every peer that a Kademlia answer
 * names (eight an answer, hundreds of answers a look-up) where it lives: each time all that is known of the peer is
 * read, decoded, compared, encoded and written again. To answer others it reads and decodes eight peers a question.
 * Together that was a quarter of a joining node's processor time. What was read or written a moment ago is answered
 * from memory, and what was noted is not noted again, unless something about the peer has changed since. What we speak
 * ourselves is always written: a protocol that we stopped serving and serve again has to be among what we tell others.
 */
export function leanPeerStore(host: HostWithPeerStore, clock: Pick<Clock, 'monotonicMs'>): void {
  const { peerStore } = host
  const self = host.peerId.toString()
  const { get, merge, save, patch } = peerStore
  const remove = peerStore.delete
  const known = new Map<string, Known>()
  /** The newest of the writes under way, by peer. */
  const latest = new Map<string, symbol>()
  let changes = 0

  const forget = (key: string) => {
    changes += 1
    known.delete(key)
  }
  const remember = (key: string, peer: Peer) => {
    known.delete(key)
    known.set(key, { peer, untilMs: clock.monotonicMs() + FRESH_FOR_MS })
    if (known.size > MAX_PEERS) known.delete(known.keys().next().value ?? '')
  }
  const fresh = (key: string): Peer | null => {
    const found = known.get(key)
    return found && clock.monotonicMs() < found.untilMs ? found.peer : null
  }
  /** Writes, and remembers what came of it, unless somebody else writes about the same peer by then. */
  const write = async (id: PeerId, writing: () => Promise<Peer>): Promise<Peer> => {
    const key = id.toString()
    if (key === self) return writing()
    const mine = Symbol(key)
    latest.set(key, mine)
    forget(key)
    try {
      const peer = await writing()
      if (latest.get(key) === mine) remember(key, peer)
      return peer
    } finally {
      if (latest.get(key) === mine) latest.delete(key)
    }
  }

  peerStore.get = async (id, options) => {
    const key = id.toString()
    const found = fresh(key)
    if (found || key === self) return found ?? get.call(peerStore, id, options)
    const before = changes
    const peer = await get.call(peerStore, id, options)
    // A change that came in between is not in what was read.
    if (changes === before && !latest.has(key)) remember(key, peer)
    return peer
  }
  peerStore.merge = async (id, data, options) => {
    const found = fresh(id.toString())
    if (found && saysNothingNew(found, data)) return found
    return write(id, () => merge.call(peerStore, id, data, options))
  }
  peerStore.save = (id, data, options) => write(id, () => save.call(peerStore, id, data, options))
  peerStore.patch = (id, data, options) => write(id, () => patch.call(peerStore, id, data, options))
  peerStore.delete = async (id, options) => {
    forget(id.toString())
    await remove.call(peerStore, id, options)
    forget(id.toString())
  }
  // Told in the order of the writes, each with all that is then known of the peer.
  host.addEventListener('peer:update', ({ detail: { peer } }) => {
    changes += 1
    remember(peer.id.toString(), peer)
  })
}

/** Whether `data` names protocols and addresses only, and all of them are known. */
function saysNothingNew(peer: Peer, { protocols, multiaddrs, ...rest }: PeerData): boolean {
  if (Object.keys(rest).length > 0 || (!protocols && !multiaddrs)) return false
  return (
    (protocols ?? []).every((protocol) => peer.protocols.includes(protocol)) &&
    (multiaddrs ?? []).every((told) =>
      // They are kept without the peer's own id at their end.
      peer.addresses.some(({ multiaddr: kept }) => kept.equals(told) || `${kept}/p2p/${peer.id}` === told.toString()),
    )
  )
}
