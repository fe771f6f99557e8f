import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { currentLanguage } from '../src-renderer/locale'
import { applyTheme, readTheme } from '../src-renderer/theme'
import { speak } from '../src-renderer/words'
import { systemClock } from '../src-shared/clock'
import { languageFor } from '../src-shared/language'
import { App } from './app'
import { baseUrlOf, createCoordinatorApi } from './coordinator-api'
import { createDashboardStore } from './dashboard-store'
import { openHostToken } from './host-token'
import './styles'

applyTheme(window, readTheme(window))

const baseUrl = baseUrlOf(window.location.href)
const fetch = window.fetch.bind(window)
const store = createDashboardStore({
  baseUrl,
  fetch,
  clock: systemClock,
  token: openHostToken(window.sessionStorage),
  makeApi: (token) => createCoordinatorApi({ baseUrl, fetch, token }),
})
// A phone that comes out of a pocket need not wait for the next attempt.
const retryIfAway = () => {
  if (!document.hidden && store.state.getState().link.state === 'away') store.retryNow()
}
window.addEventListener('online', retryIfAway)
document.addEventListener('visibilitychange', retryIfAway)

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
// Nobody chooses one here: it is the browser's. Without its words the page is English, which is better than no page.
await speak(languageFor('system', navigator.languages)).catch(() => undefined)
document.documentElement.lang = currentLanguage()
createRoot(root).render(
  <StrictMode>
    <App store={store} clock={systemClock} />
  </StrictMode>,
)
