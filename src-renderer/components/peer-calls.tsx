import type { NodeStatus } from '../../src-shared/status'
import { formatCount } from '../format'
import { say } from '../words'

/** What others ask of this node, by protocol, and what of it was more than it answers. */
export function PeerCalls({ calls, phase }: Pick<NodeStatus, 'calls' | 'phase'>) {
  return (
    <section className="card" aria-labelledby="calls-title">
      <div className="card-head">
        <h2 id="calls-title">{say.CALLS.title}</h2>
        {calls && <p className="aside">{say.CALLS.hint}</p>}
      </div>
      {calls && calls.answered + calls.refused > 0 ? (
        <>
          <p className="fine">{say.CALLS.lead}</p>
          <dl className="resources">
            {calls.protocols.map(({ protocol, admitted, refused }) => (
              <div key={protocol}>
                <dt className="call-name">{protocol}</dt>
                <dd>{countWords(admitted, refused)}</dd>
              </div>
            ))}
            {calls.refusedEarly > 0 && (
              <div>
                <dt>{say.CALLS.early}</dt>
                <dd>{countWords(0, calls.refusedEarly)}</dd>
              </div>
            )}
          </dl>
        </>
      ) : (
        <p className="empty">{phase === 'running' ? say.CALLS.none : say.CALLS.notRunning}</p>
      )}
    </section>
  )
}

function countWords(admitted: number, refused: number): string {
  const parts = [
    admitted > 0 ? `${formatCount(admitted)} ${say.CALLS.answered}` : '',
    refused > 0 ? `${formatCount(refused)} ${say.CALLS.refused}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}
