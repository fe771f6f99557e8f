import type { NodeStatus } from '../../src-shared/status'
import { formatCount, formatExact, formatSpan } from '../format'
import { say } from '../words'
import { useNow } from './hooks'

export function Given({ contribution }: Pick<NodeStatus, 'contribution'>) {
  const { tokens, requests, upSince } = contribution
  const now = useNow()
  return (
    <section className="card" aria-labelledby="given-title">
      <div className="card-head">
        <h2 id="given-title">{say.GIVEN.title}</h2>
        <p className="aside">
          {upSince === null ? (
            say.GIVEN.notRunning
          ) : (
            <span title={formatExact(upSince)}>{say.GIVEN.up(formatSpan(now - upSince))}</span>
          )}
        </p>
      </div>
      <dl className="figures">
        <div>
          <dt>{say.GIVEN.tokens}</dt>
          <dd title={say.GIVEN.inAll(tokens)}>{formatCount(tokens)}</dd>
        </div>
        <div>
          <dt>{say.GIVEN.requests(requests)}</dt>
          <dd title={say.GIVEN.inAll(requests)}>{formatCount(requests)}</dd>
        </div>
      </dl>
    </section>
  )
}
