import { generateKeyPair } from '@libp2p/crypto/keys'
import * as z from 'zod'
import { createHivemindDht, type HivemindDht } from '../../src-main/hivemind/dht'
import { RPC_INFO } from '../../src-main/hivemind/protocols'
import { serveRpcInfo } from '../../src-main/hivemind/rpc-info'
import { CALL_LIMITS } from '../../src-main/network/call-limits/limits'
import { createHost, type Host } from '../../src-main/network/host'
import { tuneForSmallHeap } from '../../src-main/process/small-heap'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { cpuMs } from '../cpu-time'
import { BENCH_PROFILE } from '../network/profile'

const MEMORY_SAMPLE_MS = 500

export const ServerUseSchema = z.object({
  cpuMs: z.number(),
  residentBytes: z.number(),
  /** The most since it was asked last. */
  peakBytes: z.number(),
  admitted: z.number(),
  refused: z.number(),
  cut: z.number(),
})

/** One node as far as strangers can ask it, with the limits of real networks, and V8 as the command line has it. */
export function floodServer(): Served {
  tuneForSmallHeap()
  const clock = systemClock
  let host: Host | null = null
  let dht: HivemindDht | null = null
  let peakBytes = 0
  const stop = clock.every(MEMORY_SAMPLE_MS, () => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  })
  return {
    calls: {
      async start() {
        host = await createHost({
          privateKey: await generateKeyPair('Ed25519'),
          profile: BENCH_PROFILE,
          port: 0,
          kadMode: 'server',
          callLimits: CALL_LIMITS,
        })
        dht = createHivemindDht({ libp2p: host, clock, mode: 'server' })
        await dht.start()
        await serveRpcInfo(host, {
          clock,
          info: () => ({ version: '0.1.0', dhtClientMode: false, cacheTokensAvailable: 16_384 }),
          serves: () => true,
        })
        return host.getMultiaddrs()[0]?.toString() ?? ''
      },
      use() {
        const figures = host?.services.calls.figures()
        const call = figures?.protocols.find(({ protocol }) => protocol === RPC_INFO)
        const residentBytes = process.memoryUsage.rss()
        const use = {
          cpuMs: cpuMs(),
          residentBytes,
          peakBytes: Math.max(peakBytes, residentBytes),
          admitted: call?.admitted ?? 0,
          refused: (call?.refused ?? 0) + (figures?.refusedEarly ?? 0),
          cut: figures?.cut ?? 0,
        }
        peakBytes = 0
        return use
      },
    },
    async close() {
      stop()
      await dht?.stop()
      await host?.stop()
    },
  }
}
