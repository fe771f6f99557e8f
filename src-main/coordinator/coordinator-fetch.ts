import { lookup as systemLookup } from 'node:dns/promises'
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { EspalierError } from '../../src-shared/errors'
import { responseOf } from '../web/response-of'
import { type WayOut, wayOut } from '../web/way-out'
import { whyNotAllowed } from './address-policy'

export interface ResolvedAddress {
  address: string
  family: number
}

export interface CoordinatorFetchOptions {
  /** For tests; the system's resolver otherwise. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>
  /** For tests; the process's own otherwise. */
  way?: WayOut
}

/**
 * `fetch` for coordinators: it looks the name up itself, refuses with COORDINATOR_PRIVATE what `whyNotAllowed`
 * names, and connects to the very address that it judged, so that a name can't answer twice in two ways. It never
 * follows a redirect and takes no certificate that is not trusted here. Behind a proxy, names are the proxy's to look
 * up; addresses that are written out are judged all the same. Connections are kept for the next beat.
 */
export function createCoordinatorFetch(options: CoordinatorFetchOptions = {}): typeof fetch {
  const { way = wayOut } = options
  const resolve = options.resolve ?? ((hostname: string) => systemLookup(hostname, { all: true, verbatim: false }))
  // A beat comes every 30 s; a connection that waits longer than that is closed by most servers.
  const agents = {
    http: new HttpAgent({ keepAlive: true, timeout: 20_000 }),
    https: new HttpsAgent({ keepAlive: true, timeout: 20_000 }),
  }

  /** The addresses that may be connected to, at least one; the system tries them in order. */
  async function addressesOf(url: URL): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
    const { hostname } = url
    const bare = hostname.replace(/^\[|\]$/g, '')
    const family = isIP(bare)
    // Of no use there: the name goes to the proxy.
    if (family === 0 && way.isProxied(url)) return [{ address: bare, family: 0 }]
    const found = family === 0 ? await resolve(bare) : [{ address: bare, family }]
    const [first, ...others] = found.filter(({ address }) => whyNotAllowed(hostname, address) === null)
    if (first) return [first, ...others]
    const [refused] = found
    if (!refused) throw Object.assign(new Error(`${bare} has no address`), { code: 'ENOTFOUND' })
    throw new EspalierError('COORDINATOR_PRIVATE', whyNotAllowed(hostname, refused.address) ?? refused.address)
  }

  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const signal = init.signal ?? undefined
    signal?.throwIfAborted()
    const addresses = await addressesOf(url)
    signal?.throwIfAborted()
    const isSecure = url.protocol === 'https:'
    return new Promise<Response>((resolveResponse, reject) => {
      const outgoing: ClientRequest = (isSecure ? httpsRequest : httpRequest)(url, {
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        agent: isSecure ? agents.https : agents.http,
        ...way.to(url),
        ...(signal ? { signal } : {}),
        // The judged addresses and no others; TLS still checks the certificate against the name.
        lookup: (_hostname, lookupOptions, callback) => {
          if (lookupOptions.all) callback(null, addresses)
          else callback(null, addresses[0].address, addresses[0].family)
        },
      })
      outgoing.on('response', (incoming) => resolveResponse(responseOf(incoming, init.method === 'HEAD')))
      outgoing.on('error', reject)
      outgoing.end(typeof init.body === 'string' ? init.body : undefined)
    })
  }
}

/** One for the process: it holds the kept connections and nothing else. */
export const coordinatorFetch: typeof fetch = createCoordinatorFetch()
