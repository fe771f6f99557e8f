import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { LanView } from '../../src-shared/computer-view'
import { FailureNote } from '../components/failure-note'
import { closeSentence } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'

interface LanListProps {
  store: AskedStore<LanView>
  /** Address of the chosen one; empty: none yet. */
  chosen: string
  problem: string | null
  onChoose(url: string): void
}

/** Networks whose coordinators answered on the local network, by what they say of themselves. */
export function LanList({ store, chosen, problem, onChoose }: LanListProps) {
  const { value, isAsking, failure } = useStore(store.state)
  useEffect(() => {
    if (!store.state.getState().value) store.ask()
  }, [store])
  const networks = value?.networks ?? []
  return (
    <div className="lan">
      <p className="lan-state fine" role="status">
        {isAsking
          ? say.LAN.asking
          : value && networks.length === 0
            ? value.trouble === null
              ? say.LAN.nobody
              : `${say.LAN.unavailable}: ${closeSentence(value.trouble)}`
            : value && say.LAN.found(networks.length)}
      </p>
      {failure && <FailureNote failure={failure} />}
      {networks.length > 0 && (
        <fieldset className="lan-found">
          <legend className="only-read">{say.LAN.title}</legend>
          {networks.map(({ url, modelName, isOwn }) => (
            <label key={url} className="choice">
              <input type="radio" name="lan" checked={url === chosen} onChange={() => onChoose(url)} />
              <span>
                <b>{modelName ?? say.LAN.nameless}</b>
                <span>
                  <code>{url}</code> {isOwn ? say.LAN.own : say.LAN.unvouched}
                </span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {problem !== null && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      {!isAsking && (
        <button type="button" className="button is-small" onClick={store.ask}>
          {say.LAN.again}
        </button>
      )}
    </div>
  )
}
