import { formatWhole } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { FeedWorker, NetworkPart } from '../feed'

const ENTRIES = [
  ['serving', (worker) => worker.status === 'online' && worker.x_serving !== false],
  ['preparing', (worker) => worker.status === 'online' && worker.x_serving === false],
  ['standby', (worker) => worker.status === 'standby'],
  ['waiting', (worker) => worker.status === 'pending'],
  ['offline', (worker) => worker.status === 'offline'],
] as const satisfies readonly (readonly [name: string, counts: (worker: FeedWorker) => boolean])[]

/** The network in six numbers. */
export function Counts({ workers, network }: { workers: readonly FeedWorker[]; network: NetworkPart }) {
  const words = say.NETWORK_STATE
  return (
    <dl className="counts card" aria-label={words.numbers}>
      <div>
        <dt>{words.covered}</dt>
        <dd>{`${network.coverage_percent}\u00a0%`}</dd>
      </div>
      {ENTRIES.map(([name, counts]) => (
        <div key={name}>
          <dt>{words.counts[name]}</dt>
          <dd>{formatWhole(workers.filter(counts).length)}</dd>
        </div>
      ))}
    </dl>
  )
}
