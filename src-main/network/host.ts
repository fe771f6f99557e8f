import { setMaxListeners } from 'node:events'
import { createServer } from 'node:net'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import type { ComponentLogger, Metrics, PrivateKey } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Clock, systemClock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { recordRules } from '../kademlia/record-rules'
import { limitCalls } from './call-limits/limit-calls'
import { type CallLimits, callLimitsFor } from './call-limits/limits'
import { evictGonePeers } from './evict-gone'
import type { Host, HostServices } from './host-services'
import { type LanOptions, lanDiscovery } from './lan-peers'
import { leanLines } from './lean-lines'
import { leanPeerStore } from './lean-peer-store'
import { leanWindows } from './lean-windows'
import { listening, natServices } from './nat'
import { isLoopback } from './peer-addresses'
import type { NetworkProfile } from './profiles'
import { quietLogger } from './quiet-logger'
import { isRelayed } from './relay-place'
import { pushIdentify, tellAddresses } from './tell-addresses'
import { createTraffic } from './traffic'
import { watchLines } from './watch-lines'

export type { Host, HostServices }

export interface HostOptions {
  privateKey: PrivateKey
  profile: NetworkProfile
  /** 0 lets the OS choose; `null` does not listen at all (clients, probes). */
  port: number | null
  /** IPv4 address to listen on; absent: every one. A profile that is confined to loopback stays there. */
  listenHost?: string | undefined
  /** Whether others may ask us for routes: only nodes that listen. */
  kadMode: 'server' | 'client'
  /** Lets nodes that cannot be dialled be reached through us (circuit relay v2, hop). Only for hosts that listen. */
  isRelay?: boolean
  /** Wants to be found and reached by others, through routers where need be. Not for clients and probes. */
  isNode?: boolean
  /** Looks for peers of the same network on the local one; absent: does not. */
  lan?: LanOptions
  /** How often silent connections are pinged; networks of many hosts in one process want it rarely. */
  pingIntervalMs?: number
  /** Told of every stream; absent: nobody counts. */
  metrics?: Metrics
  /** Where libp2p says what it does; absent: where the DEBUG variable says, or nowhere. */
  logger?: ComponentLogger
  /** Judges the age of Kademlia records, and how often others call. */
  clock?: Clock
  /** What others may ask of this host; absent: what the profile says. */
  callLimits?: CallLimits
}

const LISTEN_HOST_LOOPBACK = '127.0.0.1'
const MAX_CALLS_PER_SIGNAL = 512
const PORTS_TO_TRY = 20
const PING_INTERVAL_MS = 2_000
const YAMUX_WINDOW_BYTES = 2 * 1024 * 1024
/**
 * A node behind a router that no hole can be punched in serves through us: the usual 128 KiB would end an answer after
 * a few tokens. Shards never travel so.
 */
const RELAY_LIMITS = {
  maxReservations: 256,
  reservationTtl: 3_600_000,
  defaultDurationLimit: 3_600_000,
  defaultDataLimit: 1_073_741_824n,
}

/**
 * The libp2p host: TCP, Noise, Yamux, identify, ping, and Kademlia, for peer routing and for records in the Kademlia
 * form. When the wanted port is taken the next free one is used; what is announced is what is bound.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  // Calls under way hang a listener each on the signal that they share; Node calls more than ten a leak.
  setMaxListeners(MAX_CALLS_PER_SIGNAL)
  const { profile, metrics, logger } = options
  const port = options.port === null ? null : await freePort(options.port)
  const clock = options.clock ?? systemClock
  const calls = limitCalls(clock, options.callLimits ?? callLimitsFor(profile))
  const lines = watchLines(clock, options.pingIntervalMs ?? PING_INTERVAL_MS)
  const traffic = createTraffic()
  const host = await createLibp2p<HostServices>({
    privateKey: options.privateKey,
    ...(metrics && { metrics: () => metrics }),
    ...(logger ? { logger } : process.env.DEBUG ? {} : { logger: quietLogger }),
    addresses: { listen: port === null ? [] : [listenMultiaddr(profile, port, options.listenHost)] },
    // Every host can dial those who are reached through a relay, and be reached so itself.
    transports: [tcp(), circuitRelayTransport()],
    ...(options.lan ? { peerDiscovery: [await lanDiscovery(options.lan)] } : {}),
    connectionEncrypters: [noise()],
    // A window above the 4 MiB read buffer would let a paused stream die (frame-stream.ts).
    // A new connection may carry many calls at once; above the default of 10 early streams it would be aborted.
    streamMuxers: [
      lines.muxer(
        calls.muxer(
          leanLines(
            leanWindows(yamux({ maxEarlyStreams: 256, streamOptions: { maxStreamWindowSize: YAMUX_WINDOW_BYTES } })),
          ),
        ),
      ),
    ],
    connectionManager: {
      // The default of 5 inbound connections per second and host refuses honest peers behind one address:
      // a home network, and every loopback network.
      inboundConnectionThreshold: 100,
      maxIncomingPendingConnections: 50,
      maxConnections: 200,
      inboundUpgradeTimeout: 5_000,
    },
    // A hung peer (not a closed one) is noticed by watch-lines.ts, after about 4 s.
    connectionMonitor: { enabled: false },
    connectionGater: {
      denyInboundEncryptedConnection(peer, connection) {
        traffic.watch(connection)
        return calls.isCut(peer.toString())
      },
      denyOutboundEncryptedConnection(_peer, connection) {
        traffic.watch(connection)
        return false
      },
      ...(profile.loopbackOnly ? { denyDialMultiaddr: (address: Multiaddr) => !isLoopback(address) } : {}),
    },
    services: {
      calls: calls.service,
      traffic: () => traffic,
      identify: identify(),
      // Only listens; what it sends and when is not enough (tell-addresses.ts). The one before may not be closed yet.
      identifyPush: identifyPush({ runOnSelfUpdate: false, maxInboundStreams: 4 }),
      // Our own pings run beside those of the connection monitor; the default allows one at a time.
      // Several of our rooms ping, and so does the monitor of other libp2p peers; the default allows one at a time.
      ping: ping({ maxInboundStreams: 8, maxOutboundStreams: 8 }),
      dht: kadDHT({
        protocol: profile.kadProtocol,
        clientMode: options.kadMode === 'client',
        // The default drops private addresses, and with them every LAN and loopback network.
        peerInfoMapper: passthroughMapper,
        // The library keeps values at as many peers as a bucket has places. 20/10/10, the defaults, cost 4-5 times
        // the CPU of 8/4/2 in networks of our size.
        kBucketSize: profile.replicas.kademlia,
        alpha: 4,
        disjointPaths: 2,
        initialQuerySelfInterval: 100,
        ...recordRules(clock),
        // A provider that has not said so again is forgotten after a record's lifetime; we say so anew ourselves.
        reprovide: {
          validity: profile.timings.kademlia.recordLifetimeMs,
          threshold: 0,
          interval: Math.max(1_000, profile.timings.kademlia.recordLifetimeMs / 12),
        },
        // The default of 32 streams resets some calls of a node that writes many records at once.
        maxInboundStreams: 256,
        maxOutboundStreams: 256,
      }),
      listening: listening(),
      ...(options.isNode ? await natServices(profile, port !== null) : {}),
      ...(options.isRelay ? { relay: circuitRelayServer({ reservations: RELAY_LIMITS }) } : {}),
    },
  })
  reuseLimitedConnections(host)
  leanPeerStore(host, clock)
  const stopTelling = tellAddresses(host, clock, (to) => pushIdentify(host, to))
  for (const stop of [evictGonePeers(host, clock), lines.start(host), stopTelling]) {
    host.addEventListener('stop', stop, { once: true })
  }
  return host
}

/**
 * The library does not count a connection that a relay limits: for every call it would dial another one beside it, and
 * fail where the other side is a guest without an address. Calls that may run over a relay take the one that is there.
 */
function reuseLimitedConnections(host: Host): void {
  const dialProtocol = host.dialProtocol.bind(host)
  host.dialProtocol = (target, protocols, options) => {
    // Addresses are for those who want a connection of their own.
    if (!('toMultihash' in target) || !options?.runOnLimitedConnection) return dialProtocol(target, protocols, options)
    const open = host.getConnections(target).filter(({ status }) => status === 'open')
    const [limited] = open.some(({ limits }) => limits === undefined) ? [] : open
    return limited ? limited.newStream(protocols, options) : dialProtocol(target, protocols, options)
  }
}

/** Where a node of this profile listens: every interface, or loopback alone. */
export function listenMultiaddr({ loopbackOnly }: NetworkProfile, port: number, host = '0.0.0.0'): string {
  return `/ip4/${loopbackOnly ? LISTEN_HOST_LOOPBACK : host}/tcp/${port}`
}

/** Starts looking at `wanted` (0: the OS chooses) and returns the first port that can be bound. Throws PORT_TAKEN. */
export async function freePort(wanted: number): Promise<number> {
  if (wanted === 0) return 0
  for (let port = wanted; port < Math.min(wanted + PORTS_TO_TRY, 65_536); port++) {
    if (await canBind(port)) return port
  }
  throw new EspalierError('PORT_TAKEN', `${wanted} and the ${PORTS_TO_TRY - 1} after it`)
}

/** Whether a port is free on every interface. */
export function canBind(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(new EspalierError('INTERNAL', `cannot open a port (${messageOf(error)})`, { cause: error }))
    })
    // All interfaces: a port that another program holds on one of them is taken for us.
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** The port that libp2p bound, or null when it does not listen. */
export function boundPort(host: Host): number | null {
  for (const address of host.getMultiaddrs()) {
    // There the port is the relay's.
    if (isRelayed(address)) continue
    const port = address.getComponents().find(({ name }) => name === 'tcp')?.value
    if (port !== undefined) return Number(port)
  }
  return null
}
