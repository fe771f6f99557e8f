import type { NodeStatus } from '../../src-shared/status'
import { closeSentence, formatCount } from '../format'
import { budgetWords, LOOK_STATES, LOOKS, OTHERS_SEE } from '../words/others-see'
import { StatusShapeIcon } from './status-shape'
import { Age, PeerName, WithPeers } from './text'

/** The steps of a network's map, walked against this node through other peers, with who showed each. */
export function OthersSeePanel({ status }: { status: NodeStatus }) {
  const { othersSee, routingTable, map } = status
  return (
    <section className="card" aria-labelledby="others-see-title">
      <div className="card-head">
        <h2 id="others-see-title">{OTHERS_SEE.title}</h2>
        {othersSee && (
          <p className="aside">
            <Age at={othersSee.at} />
          </p>
        )}
      </div>
      <p className="fine">{OTHERS_SEE.lead}</p>
      {othersSee ? (
        <ol className="checks">
          {othersSee.steps.map(({ name, state, by, value }) => (
            <li key={name} className={`is-${state}`}>
              <StatusShapeIcon shape={LOOK_STATES[state].shape} size={18} label={`${LOOK_STATES[state].word}:`} />
              <div>
                <h3>{LOOKS[name]}</h3>
                <p>
                  {value !== '' && (
                    <>
                      <WithPeers text={closeSentence(value)} />{' '}
                    </>
                  )}
                  {by.length > 0 && OTHERS_SEE.by}
                  {by.map((peer) => (
                    <span key={peer}>
                      {' '}
                      <PeerName peerId={peer} />
                    </span>
                  ))}
                </p>
              </div>
            </li>
          ))}
        </ol>
      ) : (
        <p className="empty">{status.phase === 'running' ? OTHERS_SEE.waiting : OTHERS_SEE.stopped}</p>
      )}
      {routingTable && (
        <p className="fine others-see-note">
          {OTHERS_SEE.table}: {formatCount(routingTable.peers)}, {OTHERS_SEE.changed}{' '}
          <Age at={routingTable.changedAt} />
        </p>
      )}
      {map && (
        <p className="fine others-see-note">
          {OTHERS_SEE.map}: <WithPeers text={closeSentence(map.text)} /> {budgetWords(map)}
        </p>
      )}
    </section>
  )
}
