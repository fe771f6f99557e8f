import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import * as z from 'zod'
import { createHivemindDht } from '../../src-main/hivemind/dht'
import { nextExpirationS } from '../../src-main/hivemind/expiration'
import { serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { blockKey, encodeModelInfo, encodeServerInfo, MODELS_KEY } from '../../src-main/hivemind/server-info'
import { parsePeerAddresses } from '../../src-main/network/peer-addresses'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { BENCH_PROFILE } from '../network/profile'
import { MODEL, serverInfo } from '../network/said'

const BLOCKS_EACH = 8

const StartSchema = z.object({
  peers: z.int().min(1),
  /** Of the first peer, among all processes: peers next to each other serve different blocks. */
  from: z.int().min(0),
  /** Where they announce themselves. */
  bootstraps: z.array(z.string()).min(1),
})
export const PeersSchema = z.array(z.string())

/**
 * Peers that serve blocks as far as a crawl can tell, many in one process: each has an identity, a port, encrypted
 * connections, identify, rpc_info and records of its own, which it stores itself. They are no DHT servers and compute
 * nothing.
 */
export function simulatedPeers(): Served {
  const clock = systemClock
  const hosts: Libp2p[] = []

  async function start(index: number, bootstraps: readonly string[]): Promise<void> {
    const host = await createLibp2p({
      privateKey: await generateKeyPair('Ed25519'),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      // A thousand peers that ping everybody they know would be measured, and not the crawl.
      connectionMonitor: { enabled: false },
      services: { identify: identify() },
    })
    hosts.push(host)
    await serveRpcInfo(host, {
      clock,
      info: () => ({ version: '0.1.0', dhtClientMode: true, cacheTokensAvailable: 16_384 }),
      serves: () => true,
    })
    const dht = createHivemindDht({ libp2p: host, clock, mode: 'client' })
    const begin = (index * BLOCKS_EACH) % MODEL.blockCount
    const value = encodeServerInfo(serverInfo({ start: begin, end: begin + BLOCKS_EACH }))
    const expirationS = nextExpirationS(clock, BENCH_PROFILE.timings.recordLifetimeMs * 10, null)
    const subkey = host.peerId.toString()
    const records = Array.from({ length: BLOCKS_EACH }, (_, i) => ({
      key: blockKey(MODEL.dhtPrefix, begin + i),
      subkey,
      value,
      expirationS,
    }))
    const entry = encodeModelInfo(
      { numBlocks: MODEL.blockCount, repository: MODEL.repository },
      { allowNullRepository: true },
    )
    // One of them each: readers ask all, and put together what they say.
    const { valid } = parsePeerAddresses(bootstraps)
    const at = valid[index % valid.length]
    if (!at) throw new Error('no bootstrap')
    await host.dial(at.multiaddr)
    const kept = await dht.storeAt(at.peerId, records)
    if (!kept.every(Boolean)) throw new Error(`${at.peerId} did not keep the records of ${subkey}`)
    // The index has one entry for all servers of a model; only the first is news.
    await dht.storeAt(at.peerId, [{ key: MODELS_KEY, subkey: MODEL.dhtPrefix, value: entry, expirationS }])
    await dht.stop()
    await Promise.all(host.getConnections().map((connection) => connection.close()))
  }

  return {
    calls: {
      /** Answers with the addresses. */
      async start(input) {
        const { peers, from, bootstraps } = StartSchema.parse(input)
        for (let i = 0; i < peers; i++) await start(from + i, bootstraps)
        return hosts.map((host) => host.getMultiaddrs()[0]?.toString() ?? '')
      },
    },
    async close() {
      await Promise.all(hosts.map((host) => host.stop()))
    },
  }
}
