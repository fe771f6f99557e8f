import type { FetchView } from '../../src-shared/status'
import type { NodeCommand, NodeState } from '../stores/node-store'
import { say } from '../words'
import { fetchWords, sourceWords } from '../words/files'
import { FailureNote } from './failure-note'

export interface FetchPanelProps {
  fetch: FetchView
  pending: NodeState['pending']
  failure: NodeState['failure']
  disabled: boolean
  onCommand(command: NodeCommand): void
}

/** A fetch under way: how far, how fast, from whom, and the operator's hand on it. */
export function FetchPanel({ fetch, pending, failure, disabled, onCommand }: FetchPanelProps) {
  const isPaused = fetch.state === 'paused'
  const title = isPaused ? say.FETCH.pausedTitle : say.FETCH.title
  const button = (command: NodeCommand, words: string, isPrimary = false, hint?: string) => (
    <button
      type="button"
      className={isPrimary ? 'button is-small is-primary' : 'button is-small'}
      title={hint}
      disabled={disabled || pending !== null}
      onClick={() => onCommand(command)}
    >
      {words}
    </button>
  )
  return (
    <section className="card" aria-labelledby="fetch-title">
      <div className="card-head fetch-head">
        <h2 id="fetch-title">{title}</h2>
        <div className="fetch-actions">
          {isPaused ? button('resume', say.FETCH.resume, true) : button('pause', say.FETCH.pause)}
          {button('cancel', say.FETCH.cancel, false, say.FETCH.cancelHint)}
        </div>
      </div>
      <progress
        className="fetch-bar"
        max={Math.max(fetch.neededBytes, 1)}
        value={Math.min(fetch.verifiedBytes, fetch.neededBytes)}
        aria-label={title}
      />
      <p>{fetchWords(fetch)}</p>
      {isPaused && <p className="fine">{say.FETCH.pausedHint}</p>}
      {failure && <FailureNote failure={failure} />}
      <h3 className="fetch-sources">{say.FETCH.sourcesTitle}</h3>
      {fetch.sources.length === 0 ? (
        <p className="fine">{say.FETCH.noSources}</p>
      ) : (
        <ul className="file-rows">
          {fetch.sources.map((source) => (
            <li key={`${source.kind}/${source.label}`}>
              <span className="file-name">{source.label}</span>
              <span className="aside">{sourceWords(source)}</span>
              {source.trouble && <span className="file-note">{source.trouble}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
