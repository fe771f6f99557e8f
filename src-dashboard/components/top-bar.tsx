import { useState } from 'react'
import { Mark } from '../../src-renderer/components/status-shape'
import { Age } from '../../src-renderer/components/text'
import { ThemeSwitch } from '../../src-renderer/components/theme-switch'
import { applyTheme, readTheme } from '../../src-renderer/theme'
import { say } from '../../src-renderer/words'
import type { DashboardState, DashboardStore } from '../dashboard-store'
import { TokenDialog } from './token-dialog'

/** Whose page this is, how fresh, and who looks at it. */
export function TopBar({ store, state }: { store: DashboardStore; state: DashboardState }) {
  const [theme, setTheme] = useState(() => readTheme(window))
  const [isAsking, setAsking] = useState(false)
  const { snapshot, hasToken, isTokenRefused } = state
  const isHost = hasToken && snapshot?.view === 'host'
  return (
    <header className="bar">
      <div className="bar-brand">
        <Mark size={26} />
        <span>Espalier</span>
        <Freshness state={state} />
      </div>
      <div className="bar-actions">
        {!isHost && (
          <span className="chip" title={say.DASHBOARD.readOnlyHint}>
            {say.DASHBOARD.readOnly}
          </span>
        )}
        {isHost ? (
          <button type="button" className="button is-small" onClick={store.signOut}>
            {say.DASHBOARD.signOut}
          </button>
        ) : (
          <button type="button" className="button is-small" onClick={() => setAsking(true)}>
            {say.DASHBOARD.signIn}
          </button>
        )}
        <ThemeSwitch
          theme={theme}
          onTheme={(next) => {
            applyTheme(window, next)
            setTheme(next)
          }}
        />
      </div>
      {(isAsking || isTokenRefused) && !hasToken && (
        <TokenDialog
          isRefused={isTokenRefused}
          onYes={(token) => {
            setAsking(false)
            store.signIn(token)
          }}
          onNo={() => {
            setAsking(false)
            if (isTokenRefused) store.signOut()
          }}
        />
      )}
    </header>
  )
}

/** Fresh is what was heard of late, not a socket that is open. */
function Freshness({ state: { link, snapshot } }: { state: DashboardState }) {
  if (!snapshot || link.state === 'away') return null
  return (
    <span className="fresh">
      {say.DASHBOARD.changed} <Age at={snapshot.at} />
    </span>
  )
}
