import { createHash } from 'node:crypto'
import type { PeerInfo } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Host } from './host-services'
import { isLoopback } from './peer-addresses'

/** Multicast on the local network; other values are for tests. */
export interface LanOptions {
  /** Names the network: nodes of another one on the same LAN are none of ours. */
  network: string
  port?: number
}

const AGAIN_AFTER_MS = 60_000
const DIAL_TIMEOUT_MS = 5_000
const MAX_REMEMBERED = 256

/** libp2p's own multicast discovery, under a name of this network. */
export async function lanDiscovery({ network, port }: LanOptions) {
  const { mdns } = await import('@libp2p/mdns')
  const name = createHash('sha256').update(network).digest('hex').slice(0, 8)
  return mdns({ serviceTag: `_esp-${name}._udp.local`, ...(port === undefined ? {} : { port }) })
}

/**
 * Connects to peers that are found on the local network. Libraries announce loopback addresses beside real ones: those
 * of another computer lead to ourselves and are left out (H-13), unless the whole network is on this computer.
 */
export function meetLanPeers(options: {
  host: Host
  allowsLoopback: boolean
  clock: Clock
  onMet(peer: string, error: string | null): void
}): Disposer {
  const { host, clock } = options
  const triedAtMs = new Map<string, number>()

  async function meet({ id, multiaddrs }: PeerInfo): Promise<void> {
    const peer = id.toString()
    const before = triedAtMs.get(peer)
    if (before !== undefined && clock.monotonicMs() - before < AGAIN_AFTER_MS) return
    if (id.equals(host.peerId) || host.getConnections(id).length > 0) return
    const addresses = multiaddrs.filter((address) => options.allowsLoopback || !isLoopback(address))
    if (addresses.length === 0) return
    triedAtMs.delete(peer)
    triedAtMs.set(peer, clock.monotonicMs())
    // The oldest go first: a map keeps the order of insertion.
    if (triedAtMs.size > MAX_REMEMBERED) triedAtMs.delete(triedAtMs.keys().next().value ?? '')
    try {
      const { remotePeer } = await host.dial(addresses, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
      options.onMet(remotePeer.toString(), null)
    } catch (error) {
      options.onMet(peer, messageOf(error))
    }
  }

  const onFound = ({ detail }: CustomEvent<PeerInfo>) => void meet(detail)
  host.addEventListener('peer:discovery', onFound)
  return () => host.removeEventListener('peer:discovery', onFound)
}
