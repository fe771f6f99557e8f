import type { Libp2p, Peer, PeerStore } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'

/** How long a protocol that was noted need not be noted again. */
const NOTED_FOR_MS = 60_000
const MAX_PEERS = 1_000

interface Noted {
  readonly peer: Peer
  readonly untilMs: number
}

/**
 * For every stream, libp2p notes that the other side speaks its protocol: all that is known of the peer is read,
 * compared and written again, which is a good part of what a short call costs on either side. What was noted a moment
 * ago is not noted again, unless something else about the peer has changed since. What we speak ourselves is always
 * written: a protocol that we stopped serving and serve again has to be among what we tell others.
 */
export function noteProtocolsOnce(
  host: { peerStore: Pick<PeerStore, 'merge'> } & Pick<Libp2p, 'addEventListener' | 'peerId'>,
  clock: Pick<Clock, 'monotonicMs'>,
): void {
  const { peerStore } = host
  const self = host.peerId.toString()
  const merge = peerStore.merge.bind(peerStore)
  const noted = new Map<string, Noted>()

  peerStore.merge = async (id, data, options) => {
    const key = id.toString()
    if (key === self) return merge(id, data, options)
    const known = noted.get(key)
    const { protocols = [], ...rest } = data
    const isAboutProtocols = protocols.length > 0 && Object.keys(rest).length === 0
    if (isAboutProtocols && known && clock.monotonicMs() < known.untilMs) {
      if (protocols.every((protocol) => known.peer.protocols.includes(protocol))) return known.peer
    }
    const peer = await merge(id, data, options)
    noted.delete(key)
    noted.set(key, { peer, untilMs: clock.monotonicMs() + NOTED_FOR_MS })
    if (noted.size > MAX_PEERS) noted.delete(noted.keys().next().value ?? '')
    return peer
  }
  host.addEventListener('peer:update', ({ detail }) => void noted.delete(detail.peer.id.toString()))
}
