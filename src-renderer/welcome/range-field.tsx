import { useId, useState } from 'react'

interface RangeFieldProps {
  label: string
  hint: string
  min: number
  max: number
  value: number
  /** What a value means, beside the slider and for screen readers. */
  words(value: number): string
  disabled: boolean
  /** It was let go at another value; resolves when that is kept, or is not. */
  onChoose(value: number): Promise<void>
}

/** A slider that follows the hand at once, and tells only where it was let go. */
export function RangeField({ label, hint, min, max, value, words, disabled, onChoose }: RangeFieldProps) {
  const id = useId()
  const [moved, setMoved] = useState<number | null>(null)
  const shown = moved ?? value
  const settle = async () => {
    if (moved === null) return
    if (moved !== value) await onChoose(moved)
    // Unless it is on its way again.
    setMoved((now) => (now === moved ? null : now))
  }
  return (
    <div className="setting">
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`}>{hint}</p>
      </div>
      <div className="setting-value is-slider">
        <input
          id={id}
          type="range"
          min={min}
          max={max}
          step={1}
          value={shown}
          disabled={disabled}
          aria-valuetext={words(shown)}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setMoved(Number(event.target.value))}
          onPointerUp={() => void settle()}
          onKeyUp={() => void settle()}
          onBlur={() => void settle()}
        />
        <p className="fine" aria-hidden="true">
          {words(shown)}
        </p>
      </div>
    </div>
  )
}
