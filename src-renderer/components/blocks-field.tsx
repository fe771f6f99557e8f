import { useId } from 'react'
import { useStore } from 'zustand'
import type { AppStores } from '../stores/app-stores'
import { typedWhole } from '../typed-number'
import { say } from '../words'
import { blocksWords, doBlocksFit } from '../words/estimate'
import { TextField } from './setting-row'

export interface BlocksFieldProps {
  /** As typed or slid; empty leaves it to the host. */
  value: string
  problem: string | null
  stores: AppStores
  disabled: boolean
  onChange(value: string): void
}

/** How many blocks to ask for: a slider that says what fits where the model is known, a number where it is not. */
export function BlocksField({ value, problem, stores, disabled, onChange }: BlocksFieldProps) {
  // Asked for by what stands below it, whenever a setting changes.
  const estimate = useStore(stores.fit.state, ({ value: fit }) => fit?.together)
  const id = useId()
  const { label, hint, placeholder } = say.FIELDS.requestedBlocks
  const count = value === '' ? 0 : typedWhole(value)
  const most = estimate?.needBytes.length ?? 0
  // A number that the slider could not show stays a number.
  if (!estimate || most === 0 || !Number.isInteger(count) || count > most) {
    return <TextField {...{ label, hint, placeholder, value, problem, disabled, onChange }} isNumber />
  }
  const words = blocksWords(estimate, count)
  return (
    <div className="setting">
      <div>
        <label htmlFor={id}>{label}</label>
        <p>{hint}</p>
      </div>
      <div className="setting-value is-slider">
        <input
          id={id}
          type="range"
          min={0}
          max={most}
          step={1}
          value={count}
          disabled={disabled}
          aria-valuetext={words}
          onChange={(event) => onChange(event.target.value === '0' ? '' : event.target.value)}
        />
        <p className={doBlocksFit(estimate, count) ? 'fine' : 'field-problem'} aria-live="polite">
          {words}
        </p>
      </div>
    </div>
  )
}
