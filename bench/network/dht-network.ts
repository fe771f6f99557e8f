import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { serveUnary } from '../../src-main/hivemind/unary-server'
import { createHost, type Host } from '../../src-main/network/host'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { cpuMs } from '../cpu-time'
import { BENCH_PROFILE, ECHO_PROTOCOL } from './profile'

/** Thirty hosts know each other: pinging as often as one node does, they would do nothing else. */
const PING_INTERVAL_MS = 60_000

const StartSchema = z.object({ peers: z.int().min(1) })
export const AddressesSchema = z.array(z.string())

/** A network of DHT servers in one process: real hosts on ports of their own, joined through the first. */
export function dhtNetwork(): Served {
  const clock = systemClock
  const members: { host: Host; dht: HivemindDht }[] = []

  async function join(): Promise<void> {
    const privateKey = await generateKeyPair('Ed25519')
    const host = await createHost({
      privateKey,
      profile: BENCH_PROFILE,
      port: 0,
      kadMode: 'server',
      pingIntervalMs: PING_INTERVAL_MS,
    })
    const dht = createHivemindDht({ libp2p: host, clock, mode: 'server' })
    const [first] = members
    members.push({ host, dht })
    await dht.start()
    await serveUnary(host, ECHO_PROTOCOL, (payload) => payload, { clock })
    if (!first) return
    await host.dial(first.host.getMultiaddrs().map((address) => multiaddr(address.toString())))
    await dht.bootstrap([first.host.peerId])
  }

  return {
    calls: {
      /** Starts so many peers and answers with their addresses. */
      async start(input) {
        const { peers } = StartSchema.parse(input)
        for (let i = 0; i < peers; i++) await join()
        return members.map(({ host }) => host.getMultiaddrs()[0]?.toString() ?? '')
      },
      cpuMs: () => cpuMs(),
    },
    async close() {
      await Promise.all(members.map(({ dht }) => dht.stop()))
      await Promise.all(members.map(({ host }) => host.stop()))
    },
  }
}
