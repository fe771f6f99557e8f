import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { callRpcInfo } from '../../src-main/hivemind/rpc-info'
import { type NetworkClient, openNetworkClient } from '../../src-main/node/network-client'
import { observeNetwork } from '../../src-main/observe/monitor-state'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { BENCH_PROFILE } from '../network/profile'

const MEMORY_SAMPLE_MS = 50
/** As many as the crawl calls at once. */
const CALLS_AT_ONCE = 16
const CALL_TIMEOUT_MS = 5_000

const LookSchema = z.object({
  bootstraps: z.array(z.string()),
  /** Of every peer; a crawl is not told. */
  peers: z.array(z.string()),
})
export const LookedSchema = z.object({
  seconds: z.number(),
  /** Peers that answered. */
  answered: z.number(),
  /** Largest resident set of the process meanwhile. */
  peakBytes: z.number(),
})
type Looked = z.output<typeof LookedSchema>

/** The process that looks: once as a crawl, or once as nothing but dials and calls. A fresh process for each. */
export function looker(): Served {
  const clock = systemClock
  let client: NetworkClient | null = null

  async function measured(look: (client: NetworkClient) => Promise<number>, bootstraps: string[]): Promise<Looked> {
    client = await openNetworkClient({
      profile: BENCH_PROFILE,
      bootstraps,
      clock,
      log: createEventLog(clock, null),
    })
    let peakBytes = process.memoryUsage.rss()
    const stop = clock.every(MEMORY_SAMPLE_MS, () => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    })
    const startedAtMs = clock.monotonicMs()
    const answered = await look(client)
    const seconds = (clock.monotonicMs() - startedAtMs) / 1000
    stop()
    return { seconds, answered, peakBytes }
  }

  return {
    calls: {
      crawl(input) {
        const { bootstraps } = LookSchema.parse(input)
        return measured(async (guest) => {
          const { state } = await observeNetwork({
            host: guest.host,
            view: guest.view('hivemind', []),
            bootstraps: guest.bootstraps,
            updatePeriodMs: 60_000,
            clock,
          })
          return state.model_reports.flatMap(({ server_rows }) => server_rows).filter((row) => row.state === 'online')
            .length
        }, bootstraps)
      },
      bare(input) {
        const { bootstraps, peers } = LookSchema.parse(input)
        return measured(async ({ host }) => {
          let answered = 0
          const rest = [...peers]
          const worker = async () => {
            for (let address = rest.pop(); address; address = rest.pop()) {
              try {
                const signal = AbortSignal.timeout(CALL_TIMEOUT_MS)
                const { remotePeer } = await host.dial(multiaddr(address), { signal })
                await callRpcInfo(host, remotePeer, '', { signal })
                answered++
              } catch {
                // A crawl goes on, too; the row tells how many were reached.
              }
            }
          }
          await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
          return answered
        }, bootstraps)
      },
    },
    async close() {
      await client?.close()
    },
  }
}
