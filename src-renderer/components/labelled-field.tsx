import { useId } from 'react'

export interface LabelledFieldProps {
  label: string
  hint?: string
  placeholder?: string
  value: string
  problem: string | null
  onChange(value: string): void
}

/** A field on its own under its name, with a note below. */
export function LabelledField({ label, hint, placeholder, value, problem, onChange }: LabelledFieldProps) {
  const id = useId()
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="field"
        autoComplete="off"
        spellCheck={false}
        maxLength={2_000}
        value={value}
        placeholder={placeholder}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p
        id={`${id}-note`}
        className={`labelled-note ${problem === null ? 'fine' : 'field-problem'}`}
        role={problem === null ? undefined : 'alert'}
      >
        {problem ?? hint}
      </p>
    </div>
  )
}
