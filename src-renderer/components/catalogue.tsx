import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { CatalogueView } from '../../src-shared/file-views'
import { whyOffline } from '../internet'
import type { AppViewStore } from '../stores/app-view-store'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { catalogueWords } from '../words/files'
import { FailureNote } from './failure-note'

/** The models that the app knows of: what comes with it, and where others are. */
export function Catalogue({ store, app }: { store: AskedStore<CatalogueView>; app: AppViewStore }) {
  const isOffline = useStore(app.state, (state) => whyOffline(state.view) !== null)
  const { value: view, failure } = useStore(store.state)
  useEffect(() => {
    if (store.state.getState().value === undefined) store.ask()
  }, [store])
  return (
    <section className="card" aria-labelledby="catalogue-title">
      <div className="card-head">
        <h2 id="catalogue-title">{say.CATALOGUE.title}</h2>
      </div>
      {failure && <FailureNote failure={failure} lead={say.CATALOGUE.failed} />}
      {!view && !failure && <p className="empty">{say.CATALOGUE.loading}</p>}
      {view && (
        <>
          <p className="figure-words">{say.CATALOGUE.lead}</p>
          {isOffline && view.models.some(({ page }) => page) && <p className="fine">{say.INTERNET.pagesAway}</p>}
          <ul className="catalogue">
            {view.models.map((model) => (
              <li key={model.name}>
                <h3>{model.name}</h3>
                <p>{model.summary}</p>
                <p className="fine">{catalogueWords(model)}</p>
                <p className="catalogue-tags">
                  <span className={model.manifest ? 'chip' : 'chip is-sand'}>
                    {model.manifest ? say.CATALOGUE.bundled : say.CATALOGUE.needsHost}
                  </span>
                  {model.isGated && (
                    <span className="chip is-sand" title={say.CATALOGUE.gatedHint}>
                      {say.CATALOGUE.gated}
                    </span>
                  )}
                  {model.page && !isOffline && (
                    <a className="link" href={model.page} target="_blank" rel="noopener noreferrer">
                      {say.CATALOGUE.page}
                      <span className="only-read"> ({model.name})</span>
                    </a>
                  )}
                </p>
                {model.isGated && <p className="fine">{say.CATALOGUE.gatedHint}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
