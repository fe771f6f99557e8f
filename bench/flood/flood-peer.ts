import { identify } from '@libp2p/identify'
import type { Connection, PeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { callRpcInfo } from '../../src-main/hivemind/rpc-info'

export interface FloodPeer {
  readonly peerId: PeerId
  readonly connection: Connection
  /** One call for the server as a whole. False: refused, or not answered in time. */
  call(timeoutMs: number): Promise<boolean>
  stop(): Promise<void>
}

/** A stranger with an identity and a connection of its own that asks a server about itself as often as it is told to. */
export async function startFloodPeer(server: Multiaddr): Promise<FloodPeer> {
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { reconnectRetries: 0 },
    services: { identify: identify() },
  })
  const connection = await host.dial(server)
  return {
    peerId: host.peerId,
    connection,
    async call(timeoutMs) {
      try {
        await callRpcInfo(host, connection.remotePeer, '', { signal: AbortSignal.timeout(timeoutMs) })
        return true
      } catch {
        return false
      }
    },
    stop: async () => void (await host.stop()),
  }
}
