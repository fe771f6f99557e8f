import { useEffect, useId, useRef } from 'react'
import { useNow } from '../../src-renderer/components/hooks'
import { CopyText } from '../../src-renderer/components/text'
import { formatIn } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { QrPicture } from '../../src-shared/qr-picture'

export interface InviteDialogProps {
  label: string
  link: string
  /** Null until it is there. */
  picture: QrPicture | null
  expiresAt: number
  onClose(): void
}

/** An invite as something to scan and something to send. */
export function InviteDialog({ label, link, picture, expiresAt, onClose }: InviteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const now = useNow()
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={`${id}-title`} aria-describedby={id} onClose={onClose}>
      <h2 id={`${id}-title`}>{label === '' ? say.INVITES.untitled : label}</h2>
      <p id={id}>
        {say.INVITES.use} {say.INVITES.itEnds(formatIn(expiresAt - now))}
      </p>
      {picture && (
        <svg
          className="invite-picture"
          viewBox={`0 0 ${picture.size} ${picture.size}`}
          role="img"
          aria-label={say.INVITES.pictureAlt}
          shapeRendering="crispEdges"
        >
          <path d={picture.path} stroke="#000" />
        </svg>
      )}
      <p className="invite-link">
        <code>{link}</code>
      </p>
      <div className="dialog-actions">
        <CopyText text={link} shown={say.INVITES.copy} what={say.INVITES.copyName} />
        <button type="button" className="button is-primary" onClick={() => dialog.current?.close()}>
          {say.INVITES.done}
        </button>
      </div>
    </dialog>
  )
}
