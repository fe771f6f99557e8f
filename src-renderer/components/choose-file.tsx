import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { CHOOSE_FILE } from '../words/files'

export interface ChooseFileProps {
  first: string
  isBusy: boolean
  onUse(path: string): void
  onClose(): void
}

/** One line to name a file that is here already; the node looks into it at once. */
export function ChooseFile({ first, isBusy, onUse, onClose }: ChooseFileProps) {
  const [path, setPath] = useState(first)
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (path.trim() !== '') onUse(path.trim())
  }
  return (
    <form className="choose-file" onSubmit={onSubmit}>
      <label htmlFor={id}>{CHOOSE_FILE.label}</label>
      <input
        id={id}
        ref={field}
        className="field"
        autoComplete="off"
        spellCheck={false}
        maxLength={4096}
        value={path}
        placeholder={CHOOSE_FILE.placeholder}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setPath(event.target.value)}
      />
      <p id={`${id}-hint`} className="fine">
        {CHOOSE_FILE.hint}
      </p>
      <div className="fetch-actions">
        <button type="submit" className="button is-small is-primary" disabled={isBusy || path.trim() === ''}>
          {CHOOSE_FILE.use}
        </button>
        <button type="button" className="button is-small" onClick={onClose}>
          {CHOOSE_FILE.close}
        </button>
      </div>
    </form>
  )
}
