import type { Peer, PeerId, PeerStore } from '@libp2p/interface'

/** What we have been told about a peer; null of whom nothing is known yet, which libp2p's store answers with an error. */
export function knownPeer(host: { peerStore: Pick<PeerStore, 'get'> }, peer: PeerId): Promise<Peer | null> {
  return host.peerStore.get(peer).catch(() => null)
}
