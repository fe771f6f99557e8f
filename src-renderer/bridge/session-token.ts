const KEY = 'espalier.token'

/**
 * The token of this tab. It comes in the address's fragment, which browsers never send to a server; it is moved to the
 * tab's own storage and out of the address bar at once, so that it is not copied or bookmarked with the address.
 */
export function takeSessionToken(page: Pick<Window, 'location' | 'history' | 'sessionStorage'>): string {
  const fromLink = new URLSearchParams(page.location.hash.slice(1)).get('token')
  if (fromLink) {
    page.sessionStorage.setItem(KEY, fromLink)
    page.history.replaceState(null, '', page.location.pathname + page.location.search)
  }
  return fromLink ?? page.sessionStorage.getItem(KEY) ?? ''
}
