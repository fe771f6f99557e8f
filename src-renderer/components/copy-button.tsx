import { useState } from 'react'
import { say } from '../words'

export interface CopyButtonProps {
  label: string
  /** Asked when the button is pressed; null when there is nothing to copy. */
  text(): string | null | Promise<string | null>
  disabled?: boolean
  isSmall?: boolean
}

/** Copies, and says on the button and to screen readers whether it did. */
export function CopyButton({ label, text, disabled, isSmall }: CopyButtonProps) {
  const [result, setResult] = useState<string | null>(null)
  const copy = async () => {
    const found = await text()
    if (found === null) return
    await navigator.clipboard.writeText(found).then(
      () => setResult(say.SUPPORT.copied),
      () => setResult(say.SUPPORT.copyFailed),
    )
  }
  return (
    <>
      <button
        type="button"
        className={isSmall ? 'button is-small' : 'button'}
        disabled={disabled}
        onClick={() => void copy()}
        onBlur={() => setResult(null)}
        onMouseLeave={() => setResult(null)}
      >
        {/* As wide as its longer words: a button that shrinks moves its neighbour under the pointer. */}
        <span className="copy-words">
          <span aria-hidden="true">{label}</span>
          <span>{result ?? label}</span>
        </span>
      </button>
      <span className="only-read" role="status">
        {result ?? ''}
      </span>
    </>
  )
}
