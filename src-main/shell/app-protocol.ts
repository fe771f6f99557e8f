import { pathOf, type StaticFiles } from '../bridge/static-files'

export const APP_SCHEME = 'app'
const APP_HOST = 'ui'
export const START_URL = `${APP_SCHEME}://${APP_HOST}/index.html`

/** The page talks over IPC alone, so nothing at all may be fetched by script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** Whether a URL belongs to our page. Parsed, because `app://ui.example` and `app://ui@example` begin like ours too. */
export function isAppUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host, username, password } = new URL(url)
  return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === ''
}

/** Only possible before Electron is ready: pages of our scheme then count as a secure, standard origin. */
export function registerAppScheme(protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges: { standard: true, secure: true } }])
}

/** Answers requests from the files read at the start: no path of a request reaches the file system. */
export function createAppHandler(files: StaticFiles): (request: Request) => Response {
  return (request) => {
    const refuse = (status: number) => new Response(null, { status, headers: HEADERS })
    if (!isAppUrl(request.url)) return refuse(404)
    if (request.method !== 'GET') return refuse(405)
    const file = files.get(pathOf(new URL(request.url).pathname))
    if (!file) return refuse(404)
    return new Response(new Uint8Array(file.body), { headers: { ...HEADERS, 'Content-Type': file.contentType } })
  }
}
