import { type FormEvent, useState } from 'react'
import type { AppViewStore } from '../stores/app-view-store'
import { CHOOSE_FILE } from '../words/files'
import { FileField } from './file-field'

export interface ChooseFileProps {
  first: string
  isBusy: boolean
  app: AppViewStore
  onUse(path: string): void
  onClose(): void
}

/** One line to name a file that is here already; the node looks into it at once. */
export function ChooseFile({ first, isBusy, app, onUse, onClose }: ChooseFileProps) {
  const [path, setPath] = useState(first)
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (path.trim() !== '') onUse(path.trim())
  }
  return (
    <form className="choose-file" onSubmit={onSubmit}>
      <FileField
        label={CHOOSE_FILE.label}
        hint={CHOOSE_FILE.hint}
        value={path}
        purpose="model"
        placeholder={CHOOSE_FILE.placeholder}
        disabled={isBusy}
        hasFocus
        app={app}
        onChange={setPath}
      />
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
