import { type ReactNode, useId } from 'react'

export interface TextFieldProps {
  label: string
  hint: string
  value: string
  /** Why the value cannot be used; null when it can. */
  problem: string | null
  disabled: boolean
  placeholder?: string | undefined
  isNumber?: boolean
  isLong?: boolean
  onChange(value: string): void
}

export function TextField({ label, hint, value, problem, disabled, placeholder, ...props }: TextFieldProps) {
  const id = useId()
  return (
    <div className={props.isLong ? 'setting is-long' : 'setting'}>
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`}>{hint}</p>
      </div>
      <div className="setting-value">
        <input
          id={id}
          className={props.isNumber ? 'field number' : 'field'}
          inputMode={props.isNumber ? 'numeric' : 'text'}
          autoComplete="off"
          spellCheck={false}
          value={value}
          placeholder={placeholder}
          disabled={disabled}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? `${id}-hint` : `${id}-problem`}
          onChange={(event) => props.onChange(event.target.value)}
        />
        {problem !== null && (
          <p id={`${id}-problem`} className="field-problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </div>
  )
}

export interface ChoiceFieldProps<T extends string> {
  /** Stays the same when the page is built anew, so that the focus finds it again. */
  id?: string
  label: string
  hint: string
  value: T
  choices: readonly (readonly [value: T, words: string])[]
  disabled: boolean
  onChange(value: T): void
}

export function ChoiceField<T extends string>({
  id: ownId,
  label,
  hint,
  value,
  choices,
  disabled,
  onChange,
}: ChoiceFieldProps<T>) {
  const madeId = useId()
  const id = ownId ?? madeId
  return (
    <div className="setting">
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`}>{hint}</p>
      </div>
      <div className="setting-value">
        <select
          id={id}
          className="field"
          value={value}
          disabled={disabled}
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            const chosen = choices.find(([candidate]) => candidate === event.target.value)
            if (chosen) onChange(chosen[0])
          }}
        >
          {choices.map(([candidate, words]) => (
            <option key={candidate} value={candidate}>
              {words}
            </option>
          ))}
        </select>
      </div>
    </div>
  )
}

export interface SwitchFieldProps {
  label: string
  hint: string
  isOn: boolean
  disabled: boolean
  onChange(isOn: boolean): void
}

export function SwitchField({ label, hint, isOn, disabled, onChange }: SwitchFieldProps) {
  const id = useId()
  return (
    <div className="setting is-switch">
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`}>{hint}</p>
      </div>
      <input
        id={id}
        className="switch"
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-checked={isOn}
        disabled={disabled}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
    </div>
  )
}

export function SettingRow({ label, hint, children }: { label: string; hint: string; children: ReactNode }) {
  return (
    <div className="setting">
      <div>
        <b>{label}</b>
        <p>{hint}</p>
      </div>
      <div className="setting-value">{children}</div>
    </div>
  )
}
