import { type FormEvent, useState } from 'react'
import { HOST_REACHES, type HostChoice } from '../../src-shared/host-network'
import { FileField } from '../components/file-field'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'

export interface HostFormProps {
  first: HostChoice
  disabled: boolean
  app: AppViewStore
  onStart(choice: HostChoice): void
}

/** Which model, and for whom. */
export function HostForm({ first, disabled, app, onStart }: HostFormProps) {
  const [modelPath, setModelPath] = useState(first.modelPath)
  const [reach, setReach] = useState(first.reach)
  const [isTried, setTried] = useState(false)
  const isEmpty = modelPath.trim() === ''
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!isEmpty) onStart({ modelPath: modelPath.trim(), reach })
  }
  return (
    <form className="panels is-reading" onSubmit={onSubmit} noValidate>
      <section className="card settings" aria-labelledby="host-model">
        <h2 id="host-model">{say.HOST.modelTitle}</h2>
        <FileField
          label={say.HOST.modelLabel}
          hint={say.HOST.modelHint}
          value={modelPath}
          purpose="model"
          placeholder={say.HOST.modelPlaceholder}
          problem={isTried && isEmpty ? say.HOST.modelEmpty : null}
          disabled={disabled}
          app={app}
          onChange={setModelPath}
        />
      </section>
      <fieldset>
        <legend className="only-read">{say.HOST.reachTitle}</legend>
        <div className="choices">
          {HOST_REACHES.map((name) => (
            <label key={name} className="card choice">
              <input
                type="radio"
                name="reach"
                checked={reach === name}
                disabled={disabled}
                onChange={() => setReach(name)}
              />
              <span>
                <b>{say.REACHES[name].title}</b>
                <span>{say.REACHES[name].text}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div>
        <button type="submit" className="button is-primary is-large" disabled={disabled}>
          {say.HOST.start}
        </button>
      </div>
    </form>
  )
}
