import { type CalledChild, startCalledChild } from '../child-calls'
import { AddressesSchema } from '../network/dht-network'
import { type Row, rowOf, type Say } from '../report'
import { median, spread } from '../statistics'
import { LookedSchema } from './looker'
import { PeersSchema } from './simulated-peers'

const PEERS = 1_000
const PROCESSES = 4
const BOOTSTRAPS = 3
const MIB = 2 ** 20
const MEMORY_LIMIT_MIB = 300

/**
 * A crawl of 1,000 peers that have announced themselves, by somebody who knows three bootstraps and nothing else:
 * the model index, 80 blocks of records, and for each peer the look-up of its addresses, a connection and a call.
 * Beside it, in turns, a process that is told all addresses and only connects and calls.
 */
export async function measureCrawl(options: {
  repetitions?: number
  /** For a look at a smaller network. */
  peers?: number
  quick: boolean
  say: Say
}): Promise<Row[]> {
  const { say } = options
  const each = Math.ceil((options.peers ?? PEERS) / PROCESSES)
  const rounds = options.repetitions ?? (options.quick ? 1 : 5)
  const network = startCalledChild('dht-network')
  const swarm = Array.from({ length: PROCESSES }, () => startCalledChild('simulated-peers'))
  try {
    const bootstraps = await network.call('start', { peers: BOOTSTRAPS }, AddressesSchema)
    const peers = (
      await Promise.all(
        swarm.map((child, i) => child.call('start', { peers: each, from: i * each, bootstraps }, PeersSchema)),
      )
    ).flat()
    say(`${peers.length} peers have announced themselves`)
    const look = async (how: 'crawl' | 'bare') => {
      const child: CalledChild = startCalledChild('looker')
      try {
        return await child.call(how, { bootstraps, peers }, LookedSchema)
      } finally {
        await child.stop()
      }
    }
    const crawls: Awaited<ReturnType<typeof look>>[] = []
    const bares: typeof crawls = []
    for (let round = 0; round < rounds; round++) {
      const crawl = await look('crawl')
      const bare = await look('bare')
      crawls.push(crawl)
      bares.push(bare)
      say(`round ${round + 1} of ${rounds}: ${crawl.seconds.toFixed(1)} s, bare ${bare.seconds.toFixed(1)} s`)
    }
    const isWhole = [...crawls, ...bares].every(({ answered }) => answered === peers.length)
    const found = `${Math.min(...crawls.map(({ answered }) => answered))} of ${peers.length} peers found and reached`
    const memory = crawls.map(({ peakBytes }) => peakBytes / MIB)
    return [
      rowOf(
        {
          name: 'crawl-1000',
          ours: median(crawls.map(({ seconds }) => peers.length / seconds)),
          reference: median(bares.map(({ seconds }) => peers.length / seconds)),
          referenceIs: 'a dial and one unary call to each of the same peers, all addresses given',
          unit: 'peers/s',
          better: 'higher',
          target: 0.7,
          detail: `${found}; ${spread(crawls.map(({ seconds }) => seconds))} s, bare ${spread(bares.map(({ seconds }) => seconds))} s; ${PROCESSES} processes with ${each} peers each`,
        },
        isWhole,
      ),
      rowOf(
        {
          name: 'crawl-memory-mib',
          ours: median(memory),
          reference: MEMORY_LIMIT_MIB,
          referenceIs: 'the limit',
          unit: 'MiB',
          better: 'lower',
          target: 1,
          detail: `largest resident set of the crawling process, ${spread(memory, 0)}; bare ${spread(
            bares.map(({ peakBytes }) => peakBytes / MIB),
            0,
          )}`,
        },
        isWhole,
      ),
    ]
  } finally {
    await Promise.all([network, ...swarm].map((child) => child.stop()))
  }
}
