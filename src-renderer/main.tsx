import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { systemClock } from '../src-shared/clock'
import { App } from './app'
import { connectToHost, createBridgeClient } from './bridge-client'
import { applyLanguage, readLanguage } from './language'
import { createAppStores } from './stores/app-stores'
import { draftInTab } from './stores/kept-draft'
import './styles'
import { applyTheme, readTheme } from './theme'

applyTheme(window, readTheme(window))

const transport = connectToHost(window, systemClock)
const stores = createAppStores(createBridgeClient(transport), systemClock, draftInTab(window))
// A computer that wakes up, or a page that is looked at again, need not wait for the next attempt.
window.addEventListener('online', () => transport.retryNow())
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) transport.retryNow()
})

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
await applyLanguage(window, readLanguage(window))
createRoot(root).render(
  <StrictMode>
    <App stores={stores} clock={systemClock} />
  </StrictMode>,
)
