import type { PeerTalk } from '../../src-shared/readiness'
import { closeSentence, formatMs } from '../format'
import { say } from '../words'
import { failureWords } from '../words/node-says'
import { StatusShapeIcon } from './status-shape'
import { Age, PeerName } from './text'

/** This node's row of who talks to whom: one line a node of the model, and what that one holds of us. */
export function PeerTalkPanel({ talks }: { talks: readonly PeerTalk[] }) {
  return (
    <section className="card" aria-labelledby="peer-talk-title">
      <div className="card-head">
        <h2 id="peer-talk-title">{say.PEER_TALK.title}</h2>
      </div>
      <p className="fine">{say.PEER_TALK.lead}</p>
      {talks.length === 0 ? (
        <p className="empty">{say.PEER_TALK.nobody}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="capability-scroll peer-talk" tabIndex={0} aria-label={say.PEER_TALK.title}>
          <table>
            <thead>
              <tr>
                {say.PEER_TALK.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {talks.map((talk) => (
                <Row key={talk.peer} talk={talk} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function Row({ talk: { peer, isConnected, command, seesUs } }: { talk: PeerTalk }) {
  return (
    <tr>
      <th scope="row">
        <PeerName peerId={peer} />
      </th>
      <Answer command={command} />
      <td className={seesUs === false ? 'is-bad' : undefined}>
        {seesUs === null ? (
          <span className="is-no">{say.PEER_TALK.notAsked}</span>
        ) : (
          <>
            <StatusShapeIcon shape={seesUs ? 'visible' : 'problem'} size={16} />
            {seesUs ? say.PEER_TALK.sees : say.PEER_TALK.seesNot}
          </>
        )}
      </td>
      <td>
        {command ? (
          <>
            <code>{command.type}</code>, <Age at={command.at} />
          </>
        ) : (
          <span className="is-no">{say.PEER_TALK.noCommand}</span>
        )}
      </td>
      <td className={isConnected ? undefined : 'is-no'}>{say.PEER_TALK.connected(isConnected)}</td>
    </tr>
  )
}

function Answer({ command }: Pick<PeerTalk, 'command'>) {
  if (command === null) return <td className="is-no">–</td>
  const { failure, roundTripMs } = command
  if (failure) {
    const { cause, code } = failureWords(failure)
    return (
      <td className="is-bad">
        <StatusShapeIcon shape="problem" size={16} />
        {closeSentence(cause)} <code className="code">{code}</code>
      </td>
    )
  }
  if (roundTripMs === null) return <td className="is-no">{say.PEER_TALK.underWay}</td>
  return (
    <td>
      <StatusShapeIcon shape="visible" size={16} />
      {say.PEER_TALK.answered(formatMs(roundTripMs))}
    </td>
  )
}
