import { useEffect } from 'react'
import { FailureNote } from '../../src-renderer/components/failure-note'
import { useNow } from '../../src-renderer/components/hooks'
import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { formatAge, formatIn } from '../../src-renderer/format'
import { SHAPE_NAMES } from '../../src-renderer/words/en/node'
import type { DashboardState, DashboardStore } from '../dashboard-store'
import { DASHBOARD, type Headline as HeadlineWords, networkHeadline } from '../words'

/** One state, one sentence: first of the contact, then of the network. */
export function Headline({ store, state }: { store: DashboardStore; state: DashboardState }) {
  const { link, snapshot, failure } = state
  const now = useNow()
  const shown = wordsOf(state)
  const age = snapshot ? now - snapshot.at : null
  useEffect(() => {
    document.title = `${shown.headline} · Espalier network`
  }, [shown.headline])
  return (
    <div className="hero">
      <span className={`hero-badge is-${shown.shape}`}>
        <StatusShapeIcon shape={shown.shape} size={34} label={SHAPE_NAMES[shown.shape]} />
      </span>
      <div className="hero-words">
        <div role="status">
          <h1 tabIndex={-1}>{shown.headline}</h1>
          <p>{shown.sentence}</p>
        </div>
        {link.state === 'away' && (
          <p className="fine">
            {age === null ? DASHBOARD.awayNever : `Last news ${formatAge(age)}.`} Trying again{' '}
            {formatIn(link.retryAt - (now - state.clockOffsetMs))}.
          </p>
        )}
        {failure && (
          <FailureNote failure={failure}>
            <button type="button" className="link" onClick={store.dismissFailure}>
              {DASHBOARD.dismiss}
            </button>
          </FailureNote>
        )}
      </div>
      <div className="hero-actions">
        {link.state === 'away' && (
          <button type="button" className="button" onClick={store.retryNow}>
            {DASHBOARD.tryNow}
          </button>
        )}
      </div>
    </div>
  )
}

function wordsOf({ link, snapshot }: DashboardState): HeadlineWords {
  if (link.state === 'away') {
    return {
      shape: 'waiting',
      headline: DASHBOARD.awayHeadline,
      sentence: snapshot
        ? 'What stands below is what it said last; it may have changed since.'
        : DASHBOARD.connectingText,
    }
  }
  if (!snapshot) {
    return { shape: 'working', headline: DASHBOARD.connectingHeadline, sentence: DASHBOARD.connectingText }
  }
  return networkHeadline(snapshot.network, snapshot.workers)
}
