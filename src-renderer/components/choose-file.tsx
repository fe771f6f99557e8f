import { type FormEvent, useState } from 'react'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
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
        label={say.CHOOSE_FILE.label}
        hint={say.CHOOSE_FILE.hint}
        value={path}
        purpose="model"
        placeholder={say.CHOOSE_FILE.placeholder}
        disabled={isBusy}
        hasFocus
        app={app}
        onChange={setPath}
      />
      <div className="fetch-actions">
        <button type="submit" className="button is-small is-primary" disabled={isBusy || path.trim() === ''}>
          {say.CHOOSE_FILE.use}
        </button>
        <button type="button" className="button is-small" onClick={onClose}>
          {say.CHOOSE_FILE.close}
        </button>
      </div>
    </form>
  )
}
