import '../src-shared/polyfill'
import { Command, Option } from 'commander'
import { wholeNumber } from '../src-main/cli/arguments'
import { runMain } from '../src-main/cli/run-main'
import { machineNow } from './machine'
import { type Measurement, reportOf, tableOf } from './report'

interface CommonOptions {
  json: boolean
  quick: boolean
}

const program = new Command('bench').description('Measurements, each beside what it is compared with, in one run.')

// Measurements are loaded when they run: most need neither llama.cpp nor libp2p.
measurement('startup', 'time to be ready, size of the page, cost of being idle')
  .option('--repetitions <count>', 'interleaved starts', wholeNumber)
  .option('--idle-seconds <count>', 'how long to be idle', wholeNumber)
  .action(async (options) => {
    const { measureStartup } = await import('./startup/startup')
    await run('startup', options, (say) => measureStartup({ ...options, say }))
  })

measurement('ui', 'frames of the map and the log, messages of the bridge, size of the page')
  .option('--repetitions <count>', 'interleaved rounds', wholeNumber)
  .action(async (options) => {
    const { measureUi } = await import('./ui/ui')
    await run('ui', options, (say) => measureUi({ ...options, say }))
  })

measurement('pipeline', 'decode speed of chains of nodes, compared with one process')
  .option('--repetitions <count>', 'interleaved repetitions', wholeNumber)
  .addOption(new Option('--against <other>', 'somebody else’s chain beside ours').choices(['llama-rpc']))
  .option('--alone', 'with --against: nothing else')
  .action(async (options) => {
    const { measurePipeline } = await import('./pipeline/pipeline')
    await run('pipeline', options, (say) => measurePipeline({ ...options, say }))
  })

measurement('coordinator', 'heartbeats a second, compared with a bare server')
  .option('--repetitions <count>', 'interleaved repetitions', wholeNumber)
  .action(async (options) => {
    const { measureCoordinator } = await import('./coordinator/coordinator')
    await run('coordinator', options, (say) => measureCoordinator({ ...options, say }))
  })

measurement('fetch', 'bytes, speed and memory of fetching a shard, compared with bare transfers')
  .option('--repetitions <count>', 'interleaved repetitions', wholeNumber)
  .action(async (options) => {
    const { measureFetch } = await import('./fetch/fetch')
    await run('fetch', options, (say) => measureFetch({ ...options, say }))
  })

measurement('announce', 'a round of records for 80 blocks in a network of 32, compared with bare calls')
  .option('--repetitions <count>', 'interleaved repetitions', wholeNumber)
  .action(async (options) => {
    const { measureAnnounce } = await import('./announce/announce')
    await run('announce', options, (say) => measureAnnounce({ ...options, say }))
  })

measurement('crawl', 'a crawl of 1,000 announced peers, compared with bare dials and calls; its memory')
  .option('--peers <count>', 'a smaller network, for a look', wholeNumber)
  .option('--repetitions <count>', 'interleaved repetitions', wholeNumber)
  .action(async (options) => {
    const { measureCrawl } = await import('./crawl/crawl')
    await run('crawl', options, (say) => measureCrawl({ ...options, say }))
  })

measurement('flood', 'a thousand calls a second from 50 peers: processor, memory, and an honest peer meanwhile')
  .option('--seconds <count>', 'how long', wholeNumber)
  .action(async (options) => {
    const { measureFlood } = await import('./flood/flood')
    await run('flood', options, (say) => measureFlood({ ...options, say }))
  })

measurement('swarm-ready', 'eight nodes from nothing to a swarm that each of them verified').action(async (options) => {
  const { measureSwarmReady } = await import('./swarm-ready/swarm-ready')
  await run('swarm-ready', options, (say) => measureSwarmReady({ say }))
})

// Ended early, it still takes its processes and files with it (`exit` handlers).
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
void runMain(program)

function measurement(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--quick', 'fewer repetitions: a look, not a result', false)
    .option('--json', 'machine-readable output', false)
}

/** A missed target is a result, not a failure: it stands in its row. */
async function run(name: string, { json }: CommonOptions, measure: Measurement): Promise<void> {
  const before = machineNow()
  const outcome = await measure((line) => void process.stderr.write(`${line}\n`))
  const report = reportOf(name, { ...before, loadAfter: machineNow().loadBefore }, outcome)
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : tableOf(report))
}
