import type { NodeStatus } from '../../src-shared/status'
import { formatCount } from '../format'
import { CALLS } from '../words/computer'

/** What others ask of this node, by protocol, and what of it was more than it answers. */
export function PeerCalls({ calls, phase }: Pick<NodeStatus, 'calls' | 'phase'>) {
  return (
    <section className="card" aria-labelledby="calls-title">
      <div className="card-head">
        <h2 id="calls-title">{CALLS.title}</h2>
        {calls && <p className="aside">{CALLS.hint}</p>}
      </div>
      {calls && calls.answered + calls.refused > 0 ? (
        <>
          <p className="fine">{CALLS.lead}</p>
          <dl className="resources">
            {calls.protocols.map(({ protocol, admitted, refused }) => (
              <div key={protocol}>
                <dt className="call-name">{protocol}</dt>
                <dd>{countWords(admitted, refused)}</dd>
              </div>
            ))}
            {calls.refusedEarly > 0 && (
              <div>
                <dt>{CALLS.early}</dt>
                <dd>{countWords(0, calls.refusedEarly)}</dd>
              </div>
            )}
          </dl>
        </>
      ) : (
        <p className="empty">{phase === 'running' ? CALLS.none : CALLS.notRunning}</p>
      )}
    </section>
  )
}

function countWords(admitted: number, refused: number): string {
  const parts = [
    admitted > 0 ? `${formatCount(admitted)} ${CALLS.answered}` : '',
    refused > 0 ? `${formatCount(refused)} ${CALLS.refused}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}
