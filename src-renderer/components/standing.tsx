import type { CoordinatorView, TimelineEntry } from '../../src-shared/coordinator-view'
import { say } from '../words'
import { dropWords, stateWords, timelineWords } from '../words/standing'
import { useNow } from './hooks'
import { Age, WithPeers } from './text'

/** How many entries stand open; older ones are behind a fold. */
const SHOWN = 6

/** Who decided what about this node, when and why; and what the coordinator says that should be looked at. */
export function Standing({ view, dashboardUrl }: { view: CoordinatorView; dashboardUrl: string | null }) {
  const drop = dropWords(view, useNow())
  const newestFirst = view.timeline.toReversed()
  const older = newestFirst.slice(SHOWN)
  return (
    <section className="card standing" aria-labelledby="standing-title">
      <div className="card-head">
        <h2 id="standing-title">{say.STANDING.title}</h2>
        <p className="aside">
          {view.answeredAt === null ? (
            say.STANDING.never
          ) : (
            <>
              {say.STANDING.answered} <Age at={view.answeredAt} />
            </>
          )}
        </p>
      </div>
      <p className="standing-state">{stateWords(view.state)}</p>
      {drop && <p className="notice">{drop}</p>}
      {view.notices.map(({ id, tone, text }) => (
        <p key={id} className={tone === 'warn' ? 'notice' : 'fine standing-note'}>
          <WithPeers text={text} />
        </p>
      ))}
      {newestFirst.length === 0 ? (
        <p className="fine">{say.STANDING.empty}</p>
      ) : (
        <ol className="timeline">
          {newestFirst.slice(0, SHOWN).map((entry) => (
            <TimelineItem key={`${entry.at}/${entry.kind}`} entry={entry} />
          ))}
        </ol>
      )}
      {older.length > 0 && (
        <details>
          <summary>
            {older.length} {say.STANDING.earlier}
          </summary>
          <ol className="timeline">
            {older.map((entry) => (
              <TimelineItem key={`${entry.at}/${entry.kind}`} entry={entry} />
            ))}
          </ol>
        </details>
      )}
      <p className="fine standing-network">
        {[
          view.quantization === null ? null : `${say.STANDING.quantization}: ${view.quantization}`,
          view.recommendedSplit === null ? null : `${say.STANDING.split}: ${view.recommendedSplit}`,
        ]
          .filter((part) => part !== null)
          .join(' · ')}
      </p>
      {dashboardUrl && (
        <p className="fine">
          <a className="link" href={dashboardUrl} target="_blank" rel="noopener noreferrer">
            {say.STANDING.openDashboard}
          </a>
        </p>
      )}
    </section>
  )
}

function TimelineItem({ entry }: { entry: TimelineEntry }) {
  const { what, why } = timelineWords(entry)
  return (
    <li>
      <span className="timeline-what">
        <WithPeers text={what} />
      </span>
      <span className="step-time">
        <Age at={entry.at} />
      </span>
      {why && (
        <span className="timeline-why">
          <WithPeers text={why} />
        </span>
      )}
    </li>
  )
}
