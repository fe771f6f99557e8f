import { useEffect, useRef } from 'react'
import type { SupportBundle } from '../../src-shared/app-view'
import type { Failure } from '../bridge-client'
import type { DiagnosticsStore } from '../stores/diagnostics-store'
import { say } from '../words'
import { takenOutWords } from '../words/app'
import { CopyButton } from './copy-button'
import { FailureNote } from './failure-note'

/** The text as it would leave, to the letter; nothing leaves but by these two buttons. */
export function SupportDialog({
  bundle,
  savedAt,
  failure,
  store,
}: {
  bundle: SupportBundle
  savedAt: string | null
  failure: Failure | null
  store: DiagnosticsStore
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog is-wide" aria-labelledby="support-title" onClose={store.closeBundle}>
      <h2 id="support-title">{say.SUPPORT.title}</h2>
      <p>{say.SUPPORT.lead}</p>
      <p className="fine">
        {bundle.takenOut.length === 0 ? (
          say.SUPPORT.nothingTakenOut
        ) : (
          <>
            <b>{say.SUPPORT.takenOut}:</b> {takenOutWords(bundle.takenOut)}
          </>
        )}
      </p>
      {/* A text box, so that it can be read and searched by keyboard, and marked. */}
      <textarea className="field bundle-text" readOnly aria-label={say.SUPPORT.region} value={bundle.text} />
      {savedAt !== null && (
        <p className="fine" role="status">
          {say.SUPPORT.saved} <code>{savedAt}</code>
        </p>
      )}
      {failure && <FailureNote failure={failure} lead={say.SUPPORT.failed} />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {say.SUPPORT.close}
        </button>
        <button type="button" className="button" onClick={() => void store.saveBundle()}>
          {say.SUPPORT.save}
        </button>
        <CopyButton label={say.SUPPORT.copy} text={() => bundle.text} />
      </div>
    </dialog>
  )
}
