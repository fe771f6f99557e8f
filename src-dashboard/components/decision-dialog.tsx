import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { say } from '../../src-renderer/words'
import type { DecisionWords } from '../words'

export interface DecisionDialogProps {
  words: DecisionWords
  isDanger: boolean
  isBusy: boolean
  onYes(reason: string): void
  onNo(): void
}

const MAX_REASON = 300

/** Asks once more before somebody is let in or turned away, and for the reason that they will read. */
export function DecisionDialog({ words, isDanger, isBusy, onYes, onNo }: DecisionDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    onYes(reason)
  }
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={`${id}-title`} aria-describedby={id} onClose={onNo}>
      <form onSubmit={onSubmit}>
        <h2 id={`${id}-title`}>{words.title}</h2>
        <p id={id}>{words.text}</p>
        <div className="dialog-field">
          <label htmlFor={`${id}-reason`}>{words.reasonLabel}</label>
          <textarea
            id={`${id}-reason`}
            className="field"
            rows={3}
            maxLength={MAX_REASON}
            value={reason}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setReason(event.target.value)}
          />
          <p id={`${id}-hint`} className="fine">
            {words.reasonHint}
          </p>
        </div>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {say.DECIDING.cancel}
          </button>
          <button type="submit" className={isDanger ? 'button is-danger' : 'button is-primary'} disabled={isBusy}>
            {isBusy ? words.busy : words.yes}
          </button>
        </div>
      </form>
    </dialog>
  )
}
