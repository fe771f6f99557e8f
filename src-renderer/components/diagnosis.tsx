import { useStore } from 'zustand'
import type { Diagnosis } from '../../src-shared/file-views'
import { formatSpan } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { CheckList } from './check-list'
import { CopyButton } from './copy-button'
import { FailureNote } from './failure-note'

/** The runbook's steps, run once more; nothing until somebody has asked for it. */
export function DiagnosisPanel({ store }: { store: AskedStore<Diagnosis> }) {
  const { value, isAsking, failure } = useStore(store.state)
  if (!value && !isAsking && !failure) return null
  return (
    <section className="card" aria-labelledby="diagnosis-title" aria-busy={isAsking}>
      <div className="card-head fetch-head">
        <h2 id="diagnosis-title">
          {say.DIAGNOSIS.title} {value && <span className="quiet">{formatSpan(value.tookMs)}</span>}
        </h2>
        <div className="fetch-actions">
          {value && <CopyButton isSmall label={say.DIAGNOSIS.copy} text={() => value.report} />}
          <button type="button" className="button is-small" disabled={isAsking} onClick={store.ask}>
            {say.DIAGNOSIS.again}
          </button>
        </div>
      </div>
      {failure && <FailureNote failure={failure} lead={say.DIAGNOSIS.failed} />}
      {!value && isAsking && (
        <p className="empty" role="status">
          {say.DIAGNOSIS.running}
        </p>
      )}
      {value && (
        <>
          <CheckList checks={value.checks} />
          <p className="card-foot">{say.DIAGNOSIS.report}</p>
        </>
      )}
    </section>
  )
}
