import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { say } from '../../src-renderer/words'

export interface TokenDialogProps {
  /** The last one was not known. */
  isRefused: boolean
  onYes(token: string): void
  onNo(): void
}

export function TokenDialog({ isRefused, onYes, onNo }: TokenDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [token, setToken] = useState('')
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim() !== '') onYes(token.trim())
  }
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={`${id}-title`} aria-describedby={id} onClose={onNo}>
      <form onSubmit={onSubmit}>
        <h2 id={`${id}-title`}>{say.TOKEN_DIALOG.title}</h2>
        <p id={id}>{say.TOKEN_DIALOG.text}</p>
        <div className="dialog-field">
          <label htmlFor={`${id}-token`}>{say.TOKEN_DIALOG.label}</label>
          <input
            id={`${id}-token`}
            className="field"
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            aria-invalid={isRefused && token === ''}
            aria-describedby={isRefused ? `${id}-refused` : undefined}
            onChange={(event) => setToken(event.target.value)}
          />
          {isRefused && token === '' && (
            <p id={`${id}-refused`} className="field-problem" role="alert">
              {say.TOKEN_DIALOG.refused}
            </p>
          )}
        </div>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {say.TOKEN_DIALOG.no}
          </button>
          <button type="submit" className="button is-primary" disabled={token.trim() === ''}>
            {say.TOKEN_DIALOG.yes}
          </button>
        </div>
      </form>
    </dialog>
  )
}
