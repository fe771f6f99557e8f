import { useId } from 'react'
import { type ReadSampling, SAMPLING_FIELDS, type SamplingForm } from '../sampling-form'
import { say } from '../words'

export interface SamplingFieldsProps {
  form: SamplingForm
  read: ReadSampling
  onChange(form: SamplingForm): void
}

/** How the next word is chosen, for those who want to say; folded away for the others. */
export function SamplingFields({ form, read, onChange }: SamplingFieldsProps) {
  const id = useId()
  return (
    <details className="sampling">
      <summary>
        {say.SAMPLING.title}
        <span>
          {read.problems.size > 0 ? say.SAMPLING.problems : read.wish ? say.SAMPLING.drawn : say.SAMPLING.likeliest}
        </span>
      </summary>
      <div className="sampling-fields">
        {SAMPLING_FIELDS.map((field) => {
          const isWrong = read.problems.has(field)
          return (
            <div key={field} className="labelled">
              <label htmlFor={`${id}-${field}`}>{say.SAMPLING.fields[field].label}</label>
              <input
                id={`${id}-${field}`}
                className="field number"
                inputMode="decimal"
                autoComplete="off"
                value={form[field]}
                placeholder={say.SAMPLING.fields[field].placeholder}
                aria-invalid={isWrong}
                aria-describedby={`${id}-${field}-note`}
                onChange={(event) => onChange({ ...form, [field]: event.target.value })}
              />
              <p id={`${id}-${field}-note`} className={isWrong ? 'field-problem' : 'fine'}>
                {isWrong ? say.SAMPLING.fields[field].problem : say.SAMPLING.fields[field].hint}
              </p>
            </div>
          )
        })}
      </div>
    </details>
  )
}
