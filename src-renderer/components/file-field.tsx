import { useEffect, useId, useRef } from 'react'
import { useStore } from 'zustand'
import type { FilePurpose } from '../../src-shared/file-choice'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'

export interface FileFieldProps {
  label: string
  hint: string
  value: string
  purpose: FilePurpose
  placeholder?: string | undefined
  disabled: boolean
  /** Why the value cannot be used; absent or null when it can. */
  problem?: string | null
  /** The page opened it to be filled in. */
  hasFocus?: boolean
  /** Where there is a dialog, nothing that was typed is taken. */
  mustChoose?: boolean
  /** Where the dialog begins while nothing is chosen. */
  near?: string
  app: AppViewStore
  onChange(path: string): void
}

/** A path on the node's computer: typed, and chosen in the system's dialog where the app has one. */
export function FileField({ label, hint, value, purpose, app, onChange, ...props }: FileFieldProps) {
  const { placeholder, disabled, problem = null, hasFocus = false, mustChoose = false, near = '' } = props
  const choosesFiles = useStore(app.state, (state) => state.view?.choosesFiles ?? false)
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (hasFocus) field.current?.focus()
  }, [hasFocus])
  const choose = async () => {
    const begin = value.trim() || near
    const path = await app.chooseFile({ purpose, ...(begin !== '' && { near: begin }) })
    if (path !== null) onChange(path)
  }
  return (
    <div className="setting is-long">
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`}>{hint}</p>
      </div>
      <div className="token-line">
        <input
          id={id}
          ref={field}
          className="field"
          autoComplete="off"
          spellCheck={false}
          maxLength={4096}
          value={value}
          readOnly={mustChoose && choosesFiles}
          placeholder={placeholder}
          disabled={disabled}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? `${id}-hint` : `${id}-problem`}
          onChange={(event) => onChange(event.target.value)}
        />
        {choosesFiles && (
          <button type="button" className="button" disabled={disabled} onClick={() => void choose()}>
            {say.CHOOSE_FILE.browse}
          </button>
        )}
      </div>
      {problem !== null && (
        <p id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
