import { useEffect } from 'react'
import { FailureNote } from '../../src-renderer/components/failure-note'
import { useNow } from '../../src-renderer/components/hooks'
import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { formatAge, formatIn } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { DashboardState, DashboardStore } from '../dashboard-store'
import { type Headline as HeadlineWords, networkHeadline } from '../words'

/** One state, one sentence: first of the contact, then of the network. */
export function Headline({ store, state }: { store: DashboardStore; state: DashboardState }) {
  const { link, snapshot, failure } = state
  const now = useNow()
  const shown = wordsOf(state)
  const age = snapshot ? now - snapshot.at : null
  useEffect(() => {
    document.title = say.DASHBOARD.pageTitle(shown.headline)
  }, [shown.headline])
  return (
    <div className="hero">
      <span className={`hero-badge is-${shown.shape}`}>
        <StatusShapeIcon shape={shown.shape} size={34} label={say.SHAPE_NAMES[shown.shape]} />
      </span>
      <div className="hero-words">
        <div role="status">
          <h1 tabIndex={-1}>{shown.headline}</h1>
          <p>{shown.sentence}</p>
        </div>
        {link.state === 'away' && (
          <p className="fine">
            {age === null ? say.DASHBOARD.awayNever : say.DASHBOARD.lastNews(formatAge(age))}{' '}
            {say.DASHBOARD.tryingAgain(formatIn(link.retryAt - (now - state.clockOffsetMs)))}
          </p>
        )}
        {failure && (
          <FailureNote failure={failure}>
            <button type="button" className="link" onClick={store.dismissFailure}>
              {say.DASHBOARD.dismiss}
            </button>
          </FailureNote>
        )}
      </div>
      <div className="hero-actions">
        {link.state === 'away' && (
          <button type="button" className="button" onClick={store.retryNow}>
            {say.DASHBOARD.tryNow}
          </button>
        )}
      </div>
    </div>
  )
}

function wordsOf({ link, snapshot }: DashboardState): HeadlineWords {
  const { DASHBOARD } = say
  if (link.state === 'away') {
    return {
      shape: 'waiting',
      headline: DASHBOARD.awayHeadline,
      sentence: snapshot ? DASHBOARD.awayText : DASHBOARD.connectingText,
    }
  }
  if (!snapshot) {
    return { shape: 'working', headline: DASHBOARD.connectingHeadline, sentence: DASHBOARD.connectingText }
  }
  return networkHeadline(snapshot.network, snapshot.workers)
}
