import { useStore } from 'zustand'
import { closeSentence } from '../format'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
import { lightWords } from '../words/app'
import { StatusShapeIcon } from './status-shape'
import { Age, WithPeers } from './text'

/** The five connections, each with who answered and since when. */
export function Connections({ store }: { store: AppViewStore }) {
  const lights = useStore(store.state, ({ view }) => view?.lights)
  return (
    <section className="card connections" aria-labelledby="connections-title">
      <div className="card-head">
        <h2 id="connections-title">{say.LIGHTS.title}</h2>
        <p className="aside">{say.LIGHTS.hint}</p>
      </div>
      {!lights || lights.length === 0 ? (
        <p className="empty">{say.LIGHTS.none}</p>
      ) : (
        <ul className="lights">
          {lights.map((light) => {
            const { word, shape } = lightWords(light)
            return (
              <li key={light.id} className={`is-${light.state}`}>
                <StatusShapeIcon shape={shape} size={18} label={`${word}:`} />
                <div>
                  <h3>{say.LIGHT_NAMES[light.id]}</h3>
                  <p>
                    {light.isUnsteady && <b>{say.LIGHTS.unsteady}. </b>}
                    <WithPeers text={closeSentence(capital(light.evidence))} />
                  </p>
                  {light.state !== 'unknown' && (
                    <p className="light-since">
                      {say.LIGHTS.changed} <Age at={light.since} />
                    </p>
                  )}
                </div>
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}

/** Ids and addresses keep their first letter. */
function capital(text: string): string {
  return /^[a-z]+[ ,:;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}
