import type { ReactNode } from 'react'
import type { BlockerButton, Readiness, TimelineRow } from '../../src-shared/readiness'
import type { NodeStatus } from '../../src-shared/status'
import { say } from '../words'
import { nodeSentence, reportsOf } from '../words/node-says'
import { isCalm, readinessLead, secondsWords, shardHint, shardWords } from '../words/readiness'

interface Props {
  status: NodeStatus
  readiness: Readiness
  /** False for those who may only look, and while nothing is news. */
  mayPress: boolean
  onButton(button: BlockerButton): void
  /** What a button has opened, right below it. */
  children?: ReactNode
}

/** Every shard of the model as this node verified it, what is in the way, and what came when. */
export function ReadinessGrid({ status, readiness, mayPress, onButton, children }: Props) {
  const { shards, blocker, timeline } = readiness
  return (
    <section className="card" aria-labelledby="readiness-title">
      <div className="card-head">
        <h2 id="readiness-title">{say.READINESS.title}</h2>
        <p className="aside">
          {readiness.shards.filter(({ label }) => label === 'loaded').length} / {shards.length}
        </p>
      </div>
      <p>{readinessLead(readiness)}</p>
      {shards.length > 0 && (
        <ul className="shard-grid">
          {shards.map((shard) => (
            <li key={shard.index} className={`shard is-${shard.label}`} title={shardHint(shard, status.peers)}>
              <span className="shard-index">{say.READINESS.shard(shard.index)}</span>
              <span className="shard-words">{shardWords(shard)}</span>
            </li>
          ))}
        </ul>
      )}
      {blocker && (
        <p className={isCalm(blocker) ? 'blocker shard-blocker is-calm' : 'blocker shard-blocker'}>
          <span>{nodeSentence(blocker.sentence, reportsOf(status))}</span>
          <button
            type="button"
            className="button is-small"
            disabled={!mayPress && blocker.button !== 'run-diagnosis'}
            onClick={() => onButton(blocker.button)}
          >
            {say.BUTTONS[blocker.button]}
          </button>
          {blocker.others?.map((button) => (
            <button key={button} type="button" className="link" disabled={!mayPress} onClick={() => onButton(button)}>
              {say.BUTTONS[button]}
            </button>
          ))}
        </p>
      )}
      {children}
      {timeline.length > 0 && <Timeline rows={timeline} />}
    </section>
  )
}

function Timeline({ rows }: { rows: readonly TimelineRow[] }) {
  return (
    <table className="timeline">
      <caption>{say.READINESS.timelineTitle}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{say.READINESS.expected}</th>
          <th scope="col">{say.READINESS.actual}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ what, expectedS, actualS, isLate }) => (
          <tr key={what} className={isLate ? 'is-late' : undefined}>
            <th scope="row">{nodeSentence(what)}</th>
            <td>{secondsWords(expectedS)}</td>
            <td>{isLate ? say.READINESS.late : secondsWords(actualS)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
