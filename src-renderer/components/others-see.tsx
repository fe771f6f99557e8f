import type { ForeignWord, NodeStatus } from '../../src-shared/status'
import { closeSentence, formatCount } from '../format'
import { say } from '../words'
import { lookWords } from '../words/others-see'
import { StatusShapeIcon } from './status-shape'
import { Age, PeerName, WithPeers } from './text'

/** Whether a peer came to us; that it returned records is said beside it. */
const STATES = {
  fresh: 'pass',
  called: 'pass',
  held: 'unknown',
  no: 'fail',
  silent: 'unknown',
  not_asked: 'unknown',
} as const satisfies Record<ForeignWord['reach'], 'pass' | 'fail' | 'unknown'>

function ForeignWords({ words }: { words: readonly ForeignWord[] }) {
  return (
    <>
      <h3 className="others-see-foreign">{say.OTHERS_SEE.foreign}</h3>
      <p className="fine">{say.OTHERS_SEE.foreignLead}</p>
      <ul className="checks">
        {words.map(({ peer, agent, at, found, asked, reach, from }) => (
          <li key={peer} className={`is-${STATES[reach]}`}>
            <StatusShapeIcon
              shape={lookWords(STATES[reach]).shape}
              size={18}
              label={`${lookWords(STATES[reach]).word}:`}
            />
            <div>
              <p className="check-action">
                <PeerName peerId={peer} /> {agent}, <Age at={at} />
              </p>
              <p>
                {asked > 0 && `${say.OTHERS_SEE.returned(found, asked)} `}
                {say.FOREIGN_REACHES[reach](from ?? '')}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The steps of a network's map, walked against this node through other peers, with who showed each. */
export function OthersSeePanel({ status }: { status: NodeStatus }) {
  const { othersSee, routingTable, map } = status
  return (
    <section className="card" aria-labelledby="others-see-title">
      <div className="card-head">
        <h2 id="others-see-title">{say.OTHERS_SEE.title}</h2>
        {othersSee && (
          <p className="aside">
            <Age at={othersSee.at} />
          </p>
        )}
      </div>
      <p className="fine">{say.OTHERS_SEE.lead}</p>
      {othersSee ? (
        <ol className="checks">
          {othersSee.steps.map(({ name, state, by, value }) => (
            <li key={name} className={`is-${state}`}>
              <StatusShapeIcon shape={lookWords(state).shape} size={18} label={`${lookWords(state).word}:`} />
              <div>
                <h3>{say.LOOKS[name]}</h3>
                <p>
                  {value !== '' && (
                    <>
                      <WithPeers text={closeSentence(value)} />{' '}
                    </>
                  )}
                  {by.length > 0 && say.OTHERS_SEE.by}
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
        <p className="empty">{status.phase === 'running' ? say.OTHERS_SEE.waiting : say.OTHERS_SEE.stopped}</p>
      )}
      {othersSee?.foreign && <ForeignWords words={othersSee.foreign} />}
      {routingTable && (
        <p className="fine others-see-note">
          {say.OTHERS_SEE.table}: {formatCount(routingTable.peers)}, {say.OTHERS_SEE.changed}{' '}
          <Age at={routingTable.changedAt} />
        </p>
      )}
      {map && (
        <p className="fine others-see-note">
          {say.OTHERS_SEE.map}: <WithPeers text={closeSentence(map.text)} />{' '}
          {say.OTHERS_SEE.budget(map.asked, map.budget)}
        </p>
      )}
    </section>
  )
}
