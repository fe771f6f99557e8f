import type { Host } from '../network/host'
import type { BootstrapBook } from './join-network'

/** An open connection of this node. */
export interface PeerLink {
  peerId: string
  /** The multiaddr at the other end. */
  address: string
  isBootstrap: boolean
}

export function peerLinks(host: Host, book: BootstrapBook): PeerLink[] {
  const bootstraps = new Set(book.peers().map(({ peerId }) => peerId.toString()))
  return host.getConnections().map(({ remotePeer, remoteAddr }) => {
    const peerId = remotePeer.toString()
    return { peerId, address: remoteAddr.toString(), isBootstrap: bootstraps.has(peerId) }
  })
}
