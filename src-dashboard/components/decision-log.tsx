import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { Age } from '../../src-renderer/components/text'
import { closeSentence, shortenHash } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import { capitalize } from '../../src-renderer/words/node'
import type { FeedDecision } from '../feed'
import { decisionLine } from '../words'

const SHOWN = 12

/** Who decided what, when and why; the newest first. */
export function DecisionLog({ decisions }: { decisions: readonly FeedDecision[] }) {
  return (
    <section className="card" aria-labelledby="decisions-title">
      <div className="card-head">
        <h2 id="decisions-title">{say.DECISIONS.title}</h2>
      </div>
      {decisions.length === 0 ? (
        <p className="empty">{say.DECISIONS.none}</p>
      ) : (
        <ol className="decisions">
          {decisions.slice(0, SHOWN).map((decision) => {
            const { words, shape } = decisionLine(decision)
            return (
              <li key={decision.id}>
                <StatusShapeIcon shape={shape} size={16} />
                <div>
                  <p>
                    <Subject decision={decision} />
                    {words}
                  </p>
                  {decision.reason !== '' && (
                    <p className="fine is-strong">{capitalize(closeSentence(decision.reason))}</p>
                  )}
                </div>
                <span className="fine">
                  <Age at={decision.at} />
                </span>
              </li>
            )
          })}
        </ol>
      )}
    </section>
  )
}

/** Some decisions are about the network as a whole. */
function Subject({ decision: { nickname, worker_id } }: { decision: FeedDecision }) {
  if (nickname) {
    return (
      <>
        <b title={worker_id}>{nickname}</b>{' '}
      </>
    )
  }
  return worker_id === '' ? null : (
    <>
      <code title={worker_id}>{shortenHash(worker_id)}</code>{' '}
    </>
  )
}
