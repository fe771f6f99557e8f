import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { systemClock } from '../src-shared/clock'
import { App } from './app'
import { connectToHost, createBridgeClient } from './bridge-client'
import { createAppStore } from './store'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/hero.css'
import './styles/panels.css'
import './styles/strip.css'
import './styles/steps.css'
import './styles/peers.css'
import './styles/try.css'
import { applyTheme, readTheme } from './theme'

applyTheme(window, readTheme(window))

const transport = connectToHost(window, systemClock)
const store = createAppStore(createBridgeClient(transport), systemClock)
// A computer that wakes up, or a page that is looked at again, need not wait for the next attempt.
window.addEventListener('online', () => transport.retryNow())
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) transport.retryNow()
})

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App store={store} clock={systemClock} />
  </StrictMode>,
)
