import { useStore } from 'zustand'
import type { Clock } from '../src-shared/clock'
import { Hero } from './components/hero'
import { NowProvider } from './components/hooks'
import { Overview } from './components/overview'
import { Sidebar } from './components/sidebar'
import type { AppStore } from './store'
import { DEMO_LINE } from './words'

export function App({ store, clock }: { store: AppStore; clock: Clock }) {
  const state = useStore(store.state)
  const { status, connection, isLive } = state
  const canOperate = connection.state === 'open' ? connection.scopes.includes('operate') : status !== null
  return (
    <NowProvider clock={clock}>
      {status?.watermark != null && (
        <p className="watermark">
          <b>{status.watermark}</b> {DEMO_LINE}
        </p>
      )}
      <div className="app">
        <Sidebar status={status} />
        <main id="overview">
          {state.isMisfit && (
            <p className="notice" role="alert">
              This page and the node are of different versions, so some of what it says was not understood.{' '}
              <button type="button" className="link" onClick={() => window.location.reload()}>
                Reload the page
              </button>
            </p>
          )}
          <Hero
            connection={connection}
            status={status}
            receivedAt={state.receivedAt}
            isLive={isLive}
            pending={state.pending}
            failure={state.failure}
            actions={store.actions}
          />
          {status && (
            <Overview
              status={status}
              isLive={isLive}
              canOperate={canOperate}
              generation={state.generation}
              actions={store.actions}
            />
          )}
        </main>
      </div>
    </NowProvider>
  )
}
