import type { NodeStatus } from '../../src-shared/status'
import { formatCount, formatExact, formatSpan } from '../format'
import { useNow } from './hooks'

const OVER_ALL = 'over all runs of this node'

export function Given({ contribution }: Pick<NodeStatus, 'contribution'>) {
  const { tokens, requests, upSince } = contribution
  const now = useNow()
  return (
    <section className="card" aria-labelledby="given-title">
      <div className="card-head">
        <h2 id="given-title">Given</h2>
        <p className="aside">
          {upSince === null ? 'not running' : <span title={formatExact(upSince)}>up {formatSpan(now - upSince)}</span>}
        </p>
      </div>
      <dl className="figures">
        <div>
          <dt>tokens served</dt>
          <dd title={`${tokens.toLocaleString('en')} ${OVER_ALL}`}>{formatCount(tokens)}</dd>
        </div>
        <div>
          <dt>{requests === 1 ? 'request' : 'requests'}</dt>
          <dd title={`${requests.toLocaleString('en')} ${OVER_ALL}`}>{formatCount(requests)}</dd>
        </div>
      </dl>
    </section>
  )
}
