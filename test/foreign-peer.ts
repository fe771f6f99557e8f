import { identify, identifyPush } from '@libp2p/identify'
import type { PeerId } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createHivemindDht, type HivemindDht } from '../src-main/hivemind/dht'
import { RPC_CHECK } from '../src-main/hivemind/protocols'
import { callRpcCheck, decodeCheckRequest, encodeCheckReply } from '../src-main/hivemind/rpc-check'
import { serveUnary } from '../src-main/hivemind/unary-server'
import { addressesOf } from '../src-main/network/find-peer'
import { IPFS_KAD_PROTOCOL } from '../src-main/network/profiles'
import { systemClock } from '../src-shared/clock'

/**
 * `honest`: as Petals does it, from a host of its own that keeps its connection. `eager`: the same, and comes back at
 * once when it is closed. `lying`: says yes to everything. `cached`: over the connection that there is already.
 */
export type ProbeKind = 'honest' | 'eager' | 'lying' | 'cached'

export interface ForeignPeer {
  readonly peerId: PeerId
  readonly dht: HivemindDht
  addresses(): string[]
  /** How it answers rpc_check from now on. */
  probe: ProbeKind
  /** rpc_check about others that it was asked. */
  readonly asked: PeerId[]
  checks(peer: PeerId, subject: PeerId): Promise<boolean>
  dial(address: string): Promise<void>
  stop(): Promise<void>
}

/** A libp2p host as those of other families are: Kademlia under IPFS's name, and none of our protocols. */
function foreignHost({ listens }: { listens: boolean }) {
  return createLibp2p({
    nodeInfo: { userAgent: 'p2pd/0.1' },
    addresses: { listen: listens ? ['/ip4/127.0.0.1/tcp/0'] : [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 100 },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      // A prober has none: the library would come back by itself to peers of its routing table.
      ...(listens
        ? { dht: kadDHT({ protocol: IPFS_KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }) }
        : {}),
    },
  })
}

/** Speaks hivemind's wire and Petals' rpc_check, and nothing of ours. */
export async function startForeignPeer(...bootstraps: readonly string[]): Promise<ForeignPeer> {
  const host = await foreignHost({ listens: true })
  const prober = await foreignHost({ listens: false })
  const dht = createHivemindDht({ libp2p: host, clock: systemClock, mode: 'server' })
  await dht.start()
  for (const address of bootstraps) await host.dial(multiaddr(address))
  const within = () => ({ signal: AbortSignal.timeout(5_000) })

  async function reaches(subject: PeerId): Promise<boolean> {
    if (peer.probe === 'lying') return true
    if (peer.probe === 'cached') return callRpcCheck(host, subject, subject, within())
    await meet(subject)
    return callRpcCheck(prober, subject, subject, within())
  }

  async function meet(subject: PeerId): Promise<void> {
    if (prober.getConnections(subject).length > 0) return
    const { addresses } = await host.peerStore.get(subject)
    const places = addresses.map(({ multiaddr: address }) => address)
    await prober.dial(addressesOf(subject, places), within())
  }
  prober.addEventListener('peer:disconnect', ({ detail }) => {
    if (peer.probe === 'eager') meet(detail).catch(() => undefined)
  })

  const stopChecking = await serveUnary(
    host,
    RPC_CHECK,
    async (payload) => {
      const subject = decodeCheckRequest(payload)
      if (subject.equals(host.peerId)) return encodeCheckReply(true)
      peer.asked.push(subject)
      return encodeCheckReply(await reaches(subject).catch(() => false))
    },
    { clock: systemClock },
  )
  const peer: ForeignPeer = {
    peerId: host.peerId,
    dht,
    probe: 'honest',
    asked: [],
    addresses: () => host.getMultiaddrs().map(String),
    checks: (other, subject) => callRpcCheck(host, other, subject, within()),
    async dial(address) {
      await host.dial(multiaddr(address))
    },
    async stop() {
      await stopChecking()
      await dht.stop()
      await Promise.all([host.stop(), prober.stop()])
    },
  }
  return peer
}
