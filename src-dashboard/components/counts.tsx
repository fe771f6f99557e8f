import type { FeedWorker, NetworkPart } from '../feed'

const ENTRIES: readonly [name: string, count: (worker: FeedWorker) => boolean][] = [
  ['serving', (worker) => worker.status === 'online' && worker.x_serving !== false],
  ['preparing', (worker) => worker.status === 'online' && worker.x_serving === false],
  ['on standby', (worker) => worker.status === 'standby'],
  ['waiting', (worker) => worker.status === 'pending'],
  ['offline', (worker) => worker.status === 'offline'],
]

/** The network in six numbers. */
export function Counts({ workers, network }: { workers: readonly FeedWorker[]; network: NetworkPart }) {
  return (
    <dl className="counts card" aria-label="The network in numbers">
      <div>
        <dt>of the blocks served</dt>
        <dd>{network.coverage_percent}&nbsp;%</dd>
      </div>
      {ENTRIES.map(([name, counts]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{workers.filter(counts).length.toLocaleString('en')}</dd>
        </div>
      ))}
    </dl>
  )
}
