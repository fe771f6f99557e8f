import { type MouseEvent, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { Clock } from '../src-shared/clock'
import { NO_PROFILE } from '../src-shared/node-action'
import { ConnectionNotice } from './components/connection-notice'
import { Hero } from './components/hero'
import { NowProvider, useFocusOnChange, useNode, useQuestionBeforeLeaving } from './components/hooks'
import { InviteQuestion } from './components/invite-question'
import { SafeModeNotice } from './components/safe-mode-notice'
import { Sidebar } from './components/sidebar'
import { UnsavedNotice } from './components/unsaved-notice'
import { useLanguage } from './language'
import { DiagnosticsPage } from './pages/diagnostics'
import { HostPage } from './pages/host'
import { OverviewPage } from './pages/overview'
import { PeersPage } from './pages/peers'
import { SettingsPage } from './pages/settings'
import { ShardsPage } from './pages/shards'
import { TryPage } from './pages/try'
import { WelcomePage } from './pages/welcome'
import { CommandCenter } from './palette/command-center'
import type { Overlay } from './palette/keys'
import { type Route, useRoute } from './router'
import type { AppStores } from './stores/app-stores'
import { applyTheme, readTheme, type Theme } from './theme'
import { say } from './words'

interface AppProps {
  stores: AppStores
  clock: Clock
}

/** Built anew in another language, so that no part keeps words of the one before. */
export function App(props: AppProps) {
  return <Shell key={useLanguage(props.stores)} {...props} />
}

function Shell({ stores, clock }: AppProps) {
  const { status, isMisfit, isLive, mayOperate } = useNode(stores.node)
  const settings = useStore(stores.settings.state, (state) => state.settings)
  const isSettled = useStore(stores.settings.state, (state) => state.settings !== null || state.loadFailure !== null)
  const asked = useRoute()
  const [theme, chooseTheme] = useTheme(stores)
  const isUnsaved = useStore(stores.draft.state, (state) => state.isUnsaved)
  useQuestionBeforeLeaving(isUnsaved && window.espalier === undefined)
  const [overlay, setOverlay] = useState<Overlay | null>(null)
  // Without the settings it is not known whether this is a first run, and a page that changes its mind is worse.
  const isReady = status !== null && isSettled
  // A node that was started in a network by its command line has nothing chosen, and nothing left to choose.
  const isFirstRun = isReady && settings?.network === null && status.profile === NO_PROFILE
  const route: Route = asked.page === 'welcome' && !isFirstRun ? { page: 'overview' } : asked
  const step = route.page === 'welcome' ? route.step : 'what'
  useFocusOnChange(isFirstRun && route.page !== 'host' ? `welcome/${step}` : route.page)

  return (
    <NowProvider clock={clock}>
      {/* biome-ignore lint/a11y/useValidAnchor: it is a way within the page, and the address names the page */}
      <a className="skip" href="#main" onClick={skipToMain}>
        {say.PALETTE.skip}
      </a>
      {status?.watermark != null && (
        <p className="watermark">
          <b>{status.watermark}</b> {say.DEMO_LINE}
        </p>
      )}
      <div className={isFirstRun ? 'app is-welcome' : 'app'}>
        {!isFirstRun && (
          <Sidebar
            page={route.page === 'welcome' ? 'overview' : route.page}
            status={status}
            isLive={isLive}
            theme={theme}
            onTheme={chooseTheme}
            isUnsaved={isUnsaved}
            onCommands={() => setOverlay('palette')}
          />
        )}
        <main id="main" tabIndex={-1}>
          {isMisfit && (
            <p className="notice" role="alert">
              {say.SHELL.misfit}{' '}
              <button type="button" className="link" onClick={() => window.location.reload()}>
                {say.SHELL.reload}
              </button>
            </p>
          )}
          {isReady && (isFirstRun || route.page !== 'overview') && <ConnectionNotice node={stores.node} />}
          {isReady && !isFirstRun && route.page !== 'overview' && <SafeModeNotice node={stores.node} />}
          <UnsavedNotice store={stores.app} />
          {!isReady ? (
            <Hero node={stores.node} isReady={false} />
          ) : isFirstRun && route.page === 'host' ? (
            <HostPage stores={stores} isFirstRun />
          ) : isFirstRun ? (
            <WelcomePage stores={stores} step={step} />
          ) : (
            <CurrentPage route={route} stores={stores} theme={theme} onTheme={chooseTheme} />
          )}
        </main>
      </div>
      {isReady && !isFirstRun && (
        <CommandCenter stores={stores} theme={theme} onTheme={chooseTheme} open={overlay} onOpen={setOverlay} />
      )}
      {isReady && mayOperate && <InviteQuestion store={stores.app} />}
    </NowProvider>
  )
}

function skipToMain(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

interface CurrentPageProps {
  route: Route
  stores: AppStores
  theme: Theme
  onTheme(theme: Theme): void
}

function CurrentPage({ route, stores, theme, onTheme }: CurrentPageProps) {
  switch (route.page) {
    case 'welcome':
    case 'overview':
      return <OverviewPage stores={stores} />
    case 'shards':
      return <ShardsPage stores={stores} />
    case 'peers':
      return <PeersPage stores={stores} view={route.view} />
    case 'try':
      return <TryPage stores={stores} />
    case 'host':
      return <HostPage stores={stores} isFirstRun={false} />
    case 'diagnostics':
      return <DiagnosticsPage stores={stores} />
    case 'settings':
      return <SettingsPage stores={stores} theme={theme} onTheme={onTheme} />
  }
}

/** Whoever operates the node chooses its colours everywhere; a link that only looks keeps its own. */
function useTheme(stores: AppStores): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(() => readTheme(window))
  const { mayOperate, isLive } = useNode(stores.node)
  const saved = useStore(stores.settings.state, (state) => state.settings?.theme)
  const show = (next: Theme) => {
    applyTheme(window, next)
    setTheme(next)
  }
  useEffect(() => {
    if (!mayOperate || saved === undefined) return
    applyTheme(window, saved)
    setTheme(saved)
  }, [mayOperate, saved])
  return [
    theme,
    (next) => {
      show(next)
      if (mayOperate && isLive) void stores.settings.save({ theme: next })
    },
  ]
}
