import { useEffect, useRef } from 'react'
import { SHORTCUTS } from '../words/commands'
import { isMac, KEYS, keyName } from './keys'

/** All keys in one place. */
export function ShortcutList({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const mac = isMac(navigator)
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="shortcuts-title" onClose={onClose}>
      <h2 id="shortcuts-title">{SHORTCUTS.title}</h2>
      <table className="shortcuts">
        <thead className="only-read">
          <tr>
            <th scope="col">{SHORTCUTS.column}</th>
            <th scope="col">{SHORTCUTS.does}</th>
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
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {SHORTCUTS.close}
        </button>
      </div>
    </dialog>
  )
}
