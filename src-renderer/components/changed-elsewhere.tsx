import { say } from '../words'

export interface ChangedElsewhereProps {
  /** The field's name, for whoever cannot see where this stands. */
  label: string
  /** As it is saved now. */
  value: string
  disabled: boolean
  onTake(): void
  onKeep(): void
}

/** Below a field whose value was saved elsewhere while something else was typed here: whoever typed decides. */
export function ChangedElsewhere({ label, value, disabled, onTake, onKeep }: ChangedElsewhereProps) {
  return (
    <fieldset className="changed-elsewhere" disabled={disabled}>
      <legend className="only-read">{label}</legend>
      <p role="status">{say.SETTINGS.changedTo(value)}</p>
      <button type="button" className="button" onClick={onTake}>
        {say.SETTINGS.changedTake}
      </button>
      <button type="button" className="button" onClick={onKeep}>
        {say.SETTINGS.changedKeep}
      </button>
    </fieldset>
  )
}
