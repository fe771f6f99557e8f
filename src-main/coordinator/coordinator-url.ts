import { EspalierError } from '../../src-shared/errors'

/** Where coordinators listen unless the address says otherwise. */
export const DEFAULT_COORDINATOR_PORT = 8000

const AUTHORITY = /^(?:([a-z][a-z0-9+.-]*):)?\/\/([^/?#]*)/i

/**
 * Turns what a person typed into one base URL without a trailing slash; a path prefix stays.
 * Without a scheme it is http on this computer and https elsewhere; without a port it is 8000, save for
 * https:// addresses, which keep the web's own. Throws BAD_ARGUMENT for what is not an address, and
 * COORDINATOR_INSECURE for http:// to another computer unless `allowInsecure`.
 */
export function normaliseCoordinatorUrl(input: string, { allowInsecure = false } = {}): string {
  const typed = input.trim()
  if (typed === '' || typed.length > 400 || /^https?:(?!\/\/)/i.test(typed)) throw notAnAddress(typed)
  const withAuthority = typed.includes('//') ? typed : `//${typed}`
  const [, scheme, authority] = AUTHORITY.exec(withAuthority) ?? []
  if (authority === undefined || authority === '') throw notAnAddress(typed)
  const url = parse(`${scheme ? '' : 'http:'}${withAuthority}`, typed)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw notAnAddress(typed, 'it must be http or https')
  // Credentials in an address end up in logs and would be sent along; the address has no other use for them.
  if (url.username !== '' || url.password !== '') throw notAnAddress(typed, 'it must not hold a name or password')
  if (url.search !== '') throw notAnAddress(typed, 'it must not hold a query')

  const onThisComputer = isLoopbackHost(url.hostname)
  const isSecure = scheme ? url.protocol === 'https:' : !onThisComputer
  // URL drops a port that is the scheme's default, so the typed text decides whether one was there.
  const typedPort = /:(\d+)$/.exec(authority)?.[1]
  const port = typedPort ?? (scheme && isSecure ? '443' : `${DEFAULT_COORDINATOR_PORT}`)
  if (!isSecure && !onThisComputer && !allowInsecure) throw new EspalierError('COORDINATOR_INSECURE', url.hostname)

  // People copy the dashboard's address from their browser.
  const path = url.pathname.replace(/\/{2,}/g, '/').replace(/(?:\/dashboard)?\/?$/, '')
  const shownPort = isSecure && port === '443' ? '' : `:${Number(port)}`
  return `${isSecure ? 'https' : 'http'}://${url.hostname}${shownPort}${path}`
}

/** Whether a normalised address would send a node's details over a network unencrypted. */
export function isInsecureUrl(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl)
  return protocol === 'http:' && !isLoopbackHost(hostname)
}

/** True for names and addresses that never leave this computer. `hostname` as `URL` gives it. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}

function parse(text: string, typed: string): URL {
  try {
    return new URL(text)
  } catch (error) {
    throw new EspalierError('BAD_ARGUMENT', `“${typed.slice(0, 100)}” is not a coordinator’s address`, { cause: error })
  }
}

function notAnAddress(typed: string, why?: string): EspalierError {
  const text = `“${typed.slice(0, 100)}” is not a coordinator’s address`
  return new EspalierError('BAD_ARGUMENT', why ? `${text}: ${why}` : text)
}
