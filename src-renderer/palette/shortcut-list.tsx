import { useEffect, useRef } from 'react'
import { say } from '../words'
import { isMac, KEYS, keyName } from './keys'

/** All keys in one place. */
export function ShortcutList({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const mac = isMac(navigator)
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="shortcuts-title" onClose={onClose}>
      <h2 id="shortcuts-title">{say.SHORTCUTS.title}</h2>
      <table className="shortcuts">
        <thead className="only-read">
          <tr>
            <th scope="col">{say.SHORTCUTS.column}</th>
            <th scope="col">{say.SHORTCUTS.does}</th>
          </tr>
        </thead>
        <tbody>
          {KEYS.map(({ keys, does }) => (
            <tr key={does}>
              <th scope="row">
                {keys.map((key) => (
                  <kbd key={key}>{keyName(key, mac)}</kbd>
                ))}
              </th>
              <td>{say.SHORTCUTS.rows[does]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {say.SHORTCUTS.close}
        </button>
      </div>
    </dialog>
  )
}
