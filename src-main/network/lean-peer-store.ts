import type { Libp2p, Peer, PeerData, PeerId, PeerStore } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../src-shared/clock'

/** How long what was read or written need not be read or written again. Far below the hour that addresses live. */
const FRESH_FOR_MS = 60_000
const MAX_PEERS = 1_000
/** Nobody lives at more places; who says so may, but is not remembered, nor compared address by address. */
const MAX_ADDRESSES = 32

interface Known {
  readonly peer: Peer
  /** What is read meanwhile is this. */
  readonly untilMs: number
  /** What is noted meanwhile is not written, if it is known. Reading does not put that off. */
  readonly notedUntilMs: number
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
  const remember = (key: string, peer: Peer, how: 'read' | 'written') => {
    const untilMs = clock.monotonicMs() + FRESH_FOR_MS
    const notedUntilMs = how === 'written' ? untilMs : (known.get(key)?.notedUntilMs ?? 0)
    known.delete(key)
    if (peer.addresses.length > MAX_ADDRESSES) return
    known.set(key, { peer, untilMs, notedUntilMs })
    if (known.size > MAX_PEERS) known.delete(known.keys().next().value ?? '')
  }
  const fresh = (key: string, time: 'untilMs' | 'notedUntilMs'): Peer | null => {
    const found = known.get(key)
    return found && clock.monotonicMs() < found[time] ? found.peer : null
  }
  /**
   * Writes, and remembers what came of it, unless somebody else writes about the same peer by then. The library keeps
   * with an address when it was first heard of, and past its hour ignores it, however often it is told again, until
   * something is written that does not name it. Those were the notes that are left out here, so it is done on purpose.
   */
  const write = async (id: PeerId, data: PeerData, writing: () => Promise<Peer>): Promise<Peer> => {
    const key = id.toString()
    if (key === self) return writing()
    const mine = Symbol(key)
    latest.set(key, mine)
    forget(key)
    try {
      let peer = await writing()
      const told = addressesIn(data)
      if (told.length <= MAX_ADDRESSES && !told.every((address) => isKnown(peer, address))) {
        await merge.call(peerStore, id, {})
        peer = await writing()
      }
      if (latest.get(key) === mine) remember(key, peer, 'written')
      return peer
    } catch (error) {
      // It may have ended after it was written.
      forget(key)
      throw error
    } finally {
      if (latest.get(key) === mine) latest.delete(key)
    }
  }

  peerStore.get = async (id, options) => {
    const key = id.toString()
    const found = fresh(key, 'untilMs')
    if (found || key === self) return found ?? get.call(peerStore, id, options)
    const before = changes
    const peer = await get.call(peerStore, id, options)
    // A change that came in between is not in what was read.
    if (changes === before && !latest.has(key)) remember(key, peer, 'read')
    return peer
  }
  peerStore.merge = async (id, data, options) => {
    const found = fresh(id.toString(), 'notedUntilMs')
    if (found && saysNothingNew(found, data)) return found
    return write(id, data, () => merge.call(peerStore, id, data, options))
  }
  peerStore.save = (id, data, options) => write(id, data, () => save.call(peerStore, id, data, options))
  peerStore.patch = (id, data, options) => write(id, data, () => patch.call(peerStore, id, data, options))
  peerStore.delete = async (id, options) => {
    forget(id.toString())
    await remove.call(peerStore, id, options)
    forget(id.toString())
  }
  // Told in the order of the writes, each with all that is then known of the peer.
  host.addEventListener('peer:update', ({ detail: { peer } }) => {
    changes += 1
    remember(peer.id.toString(), peer, 'written')
  })
}

/** Whether `data` names protocols and addresses only, and all of them are known. */
function saysNothingNew(peer: Peer, { protocols, multiaddrs, ...rest }: PeerData): boolean {
  if (Object.keys(rest).length > 0 || (!protocols && !multiaddrs)) return false
  if (multiaddrs && multiaddrs.length > MAX_ADDRESSES) return false
  return (
    (protocols ?? []).every((protocol) => peer.protocols.includes(protocol)) &&
    (multiaddrs ?? []).every((told) => isKnown(peer, told))
  )
}

function addressesIn({ multiaddrs = [], addresses = [] }: PeerData): Multiaddr[] {
  return [...multiaddrs, ...addresses.map(({ multiaddr }) => multiaddr)]
}

/** They are kept without the peer's own id at their end. */
function isKnown({ id, addresses }: Peer, told: Multiaddr): boolean {
  return addresses.some(({ multiaddr: kept }) => kept.equals(told) || `${kept}/p2p/${id}` === told.toString())
}
