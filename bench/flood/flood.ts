import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { systemClock } from '../../src-shared/clock'
import { startCalledChild } from '../child-calls'
import { type Row, rowOf, type Say } from '../report'
import { startFloodPeer } from './flood-peer'
import { ServerUseSchema } from './flood-server'
import { FloodedSchema } from './flooders'

const CALLS_PER_SECOND = 1_000
const PEERS = 50
const PROCESSES = 2
const SECONDS = 60
const QUICK_SECONDS = 10
const HONEST_PAUSE_MS = 1_000
const HONEST_TIMEOUT_MS = 10_000
/** A flood of much less would prove nothing. */
const LEAST_SHARE_SENT = 0.9
const MB = 1_000_000

/** A flood of calls from many peers: what it costs the node, and how an honest peer fares meanwhile (D-T15). */
export async function measureFlood(options: { seconds?: number; quick: boolean; say: Say }): Promise<Row[]> {
  const { say } = options
  const seconds = options.seconds ?? (options.quick ? QUICK_SECONDS : SECONDS)
  const server = startCalledChild('flood-server')
  const crowd = Array.from({ length: PROCESSES }, () => startCalledChild('flooders'))
  try {
    const address = await server.call('start', {}, z.string())
    for (const child of crowd) await child.call('start', { server: address, peers: PEERS / PROCESSES }, z.unknown())
    const honest = await startFloodPeer(multiaddr(address))
    say(`${PEERS} peers are connected`)
    const use = () => server.call('use', {}, ServerUseSchema)
    const before = await use()
    const startedAtMs = systemClock.monotonicMs()
    let isOver = false
    const asking = askNowAndThen(honest.call, () => isOver)
    const floods = await Promise.all(
      crowd.map((child) =>
        child.call('flood', { seconds, callsPerSecond: CALLS_PER_SECOND / PROCESSES }, FloodedSchema),
      ),
    )
    const took = (systemClock.monotonicMs() - startedAtMs) / 1000
    const after = await use()
    isOver = true
    const { times, failed } = await asking
    await honest.stop()
    const sum = (of: (one: z.output<typeof FloodedSchema>) => number) => floods.reduce((all, one) => all + of(one), 0)
    const sent = sum((one) => one.sent)
    const isFlood = sent >= LEAST_SHARE_SENT * CALLS_PER_SECOND * seconds
    const detail = [
      `${sent} calls of ${PEERS} peers in ${took.toFixed(0)} s${isFlood ? '' : ', fewer than intended'}`,
      `${sum((one) => one.answered)} answered, ${after.refused - before.refused} refused, ${after.cut} peers cut off`,
    ].join('; ')
    const common = { referenceIs: 'the limit', better: 'lower', target: 1 } as const
    return [
      rowOf(
        {
          ...common,
          ...{ name: 'flood-cpu-percent', ours: (after.cpuMs - before.cpuMs) / took / 10, reference: 25 },
          ...{ unit: '% of a core', detail },
        },
        isFlood,
      ),
      rowOf(
        {
          ...common,
          ...{ name: 'flood-rss-mb', ours: (after.peakBytes - before.residentBytes) / MB, reference: 50, unit: 'MB' },
          detail: `largest resident set of the node meanwhile, less ${(before.residentBytes / MB).toFixed(0)} MB before; ${(after.residentBytes / MB).toFixed(0)} MB at the end`,
        },
        isFlood,
      ),
      rowOf(
        {
          ...common,
          ...{ name: 'flood-honest-p95-ms', ours: percentile(times, 0.95), reference: 500, unit: 'ms' },
          detail: `${times.length} calls of one that asks once a second, ${failed} not answered; median ${percentile(times, 0.5).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms`,
        },
        isFlood && failed === 0,
      ),
    ]
  } finally {
    await Promise.all([server, ...crowd].map((child) => child.stop()))
  }
}

async function askNowAndThen(
  call: (timeoutMs: number) => Promise<boolean>,
  isOver: () => boolean,
): Promise<{ times: number[]; failed: number }> {
  const times: number[] = []
  let failed = 0
  while (!isOver()) {
    const askedAtMs = systemClock.monotonicMs()
    if (!(await call(HONEST_TIMEOUT_MS))) failed++
    times.push(systemClock.monotonicMs() - askedAtMs)
    await systemClock.sleep(HONEST_PAUSE_MS)
  }
  return { times, failed }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
