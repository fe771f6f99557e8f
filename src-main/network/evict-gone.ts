import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { Host } from './host-services'

const DIAL_AFTER_MS = 1_000
const DIAL_TIMEOUT_MS = 3_000
/** Beyond this many connections the library closes some to live peers, to make room. */
const FEW_CONNECTIONS = 100

/**
 * Takes peers that have left out of Kademlia's routing table. The library keeps them until a bucket overflows, so in a
 * small network with some coming and going every look-up would first knock at the doors of those who are gone, and
 * records would be sent to nobody. A peer whose connection ended is dialled once; who does not answer is taken out.
 */
export function evictGonePeers(host: Host, clock: Clock): Disposer {
  const waiting = new Map<string, Disposer>()
  const onDisconnect = ({ detail: peer }: CustomEvent<PeerId>) => {
    const id = peer.toString()
    if (waiting.has(id) || host.getConnections().length > FEW_CONNECTIONS) return
    waiting.set(
      id,
      clock.after(DIAL_AFTER_MS, () => {
        waiting.delete(id)
        host.dial(peer, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) }).catch(() => evictFromRouting(host, peer))
      }),
    )
  }
  host.addEventListener('peer:disconnect', onDisconnect)
  return () => {
    host.removeEventListener('peer:disconnect', onDisconnect)
    for (const cancel of waiting.values()) cancel()
    waiting.clear()
  }
}

/** Does nothing for a peer that is connected or not in the table. */
export function evictFromRouting(host: Host, peer: PeerId): void {
  if (host.status !== 'started' || host.getConnections(peer).length > 0) return
  // The service's type leaves the table out, though the object has it.
  const { routingTable } = host.services.dht as { routingTable?: { remove?(peer: PeerId): Promise<void> } }
  routingTable?.remove?.(peer).catch(() => undefined)
}
