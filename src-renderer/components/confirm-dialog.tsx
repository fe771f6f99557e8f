import { type ReactNode, useEffect, useId, useRef } from 'react'

export interface ConfirmDialogProps {
  title: string
  text: string
  yes: string
  no: string
  /** The answer cannot be yes now. */
  isBusy: boolean
  /** What has to be said before a yes. */
  children?: ReactNode
  onYes(): void
  onNo(): void
}

/** Asks before something that cannot be taken back by itself. Escape and the first button both mean no. */
export function ConfirmDialog({ title, text, yes, no, isBusy, children, onYes, onNo }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={`${id}-title`} aria-describedby={id} onClose={onNo}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={id}>{text}</p>
      {children}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {no}
        </button>
        <button type="button" className="button is-danger" disabled={isBusy} onClick={onYes}>
          {yes}
        </button>
      </div>
    </dialog>
  )
}
