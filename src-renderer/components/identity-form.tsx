import { type FormEvent, useId, useState } from 'react'
import { useStore } from 'zustand'
import { MIN_PASSPHRASE_CHARS } from '../../src-shared/identity-view'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
import { FileField } from './file-field'

export interface IdentityFormProps {
  kind: 'export' | 'import'
  firstPath: string
  isBusy: boolean
  app: AppViewStore
  onSubmit(file: { path: string; passphrase: string }): void
  onClose(): void
}

/** A file and its passphrase; what is typed here is forgotten with the form. */
export function IdentityForm({ kind, firstPath, isBusy, app, onSubmit, onClose }: IdentityFormProps) {
  const choosesFiles = useStore(app.state, (state) => state.view?.choosesFiles ?? false)
  const [path, setPath] = useState(choosesFiles ? '' : firstPath)
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const isNew = kind === 'export'
  const isDifferent = isNew && again !== '' && again !== passphrase
  const isReady = path.trim() !== '' && passphrase.length >= MIN_PASSPHRASE_CHARS && (!isNew || again === passphrase)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady && !isBusy) onSubmit({ path: path.trim(), passphrase })
  }
  return (
    <form onSubmit={submit} aria-busy={isBusy} noValidate>
      <FileField
        label={say.IDENTITY.pathLabel}
        hint={isNew ? say.IDENTITY.pathHint : say.IDENTITY.importHint}
        value={path}
        purpose={isNew ? 'new-identity-backup' : 'identity-backup'}
        disabled={isBusy}
        mustChoose
        near={firstPath}
        app={app}
        onChange={setPath}
      />
      <Secret
        label={say.IDENTITY.passphraseLabel}
        hint={say.IDENTITY.passphraseHint}
        disabled={isBusy}
        onChange={setPassphrase}
      />
      {isNew && (
        <Secret
          label={say.IDENTITY.againLabel}
          hint={isDifferent ? say.IDENTITY.againProblem : ''}
          isBad={isDifferent}
          disabled={isBusy}
          onChange={setAgain}
        />
      )}
      <div className="fetch-actions">
        <button type="submit" className="button is-primary" disabled={isBusy || !isReady}>
          {isBusy ? say.IDENTITY.working : isNew ? say.IDENTITY.write : say.IDENTITY.take}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {say.IDENTITY.close}
        </button>
      </div>
    </form>
  )
}

interface SecretProps {
  label: string
  hint: string
  isBad?: boolean
  disabled: boolean
  onChange(value: string): void
}

function Secret({ label, hint, isBad = false, disabled, onChange }: SecretProps) {
  const id = useId()
  return (
    <div className="setting is-long">
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`} className={isBad ? 'field-problem' : undefined} role={isBad ? 'alert' : undefined}>
          {hint}
        </p>
      </div>
      <input
        id={id}
        className="field"
        type="password"
        autoComplete="new-password"
        disabled={disabled}
        aria-invalid={isBad}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
