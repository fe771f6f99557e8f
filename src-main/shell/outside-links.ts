import type { App } from '../app/app'

/** Where dashboards lie that the app itself knows: of the network that it hosts, and of the one that it takes part in. */
async function dashboardsOf(app: Pick<App, 'handlers' | 'settings'>): Promise<string[]> {
  const { dashboardUrl } = await app.handlers['host.get']({})
  const { network } = app.settings()
  const joined = network?.kind === 'coordinator' ? `${network.url.replace(/\/+$/, '')}/dashboard` : null
  return [dashboardUrl, joined].filter((url) => typeof url === 'string')
}

/**
 * Opens one of the app's own dashboards in the system's browser; resolves to whether it did. A page that was taken
 * over can open nothing else, and nothing but http and https ever.
 */
export async function openOutside(
  url: string,
  app: Pick<App, 'handlers' | 'settings'> | null,
  open: (url: string) => Promise<void>,
): Promise<boolean> {
  if (!app || !URL.canParse(url)) return false
  const { href, protocol } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return false
  const known = await dashboardsOf(app)
  if (!known.some((dashboard) => URL.canParse(dashboard) && new URL(dashboard).href === href)) return false
  await open(href)
  return true
}
