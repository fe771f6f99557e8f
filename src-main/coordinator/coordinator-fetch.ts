import { lookup as systemLookup } from 'node:dns/promises'
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { EspalierError } from '../../src-shared/errors'
import { whyNotAllowed } from './address-policy'

export interface ResolvedAddress {
  address: string
  family: number
}

export interface CoordinatorFetchOptions {
  /** For tests; the system's resolver otherwise. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>
}

const NO_BODY = [101, 204, 205, 304]

/**
 * `fetch` for coordinators: it looks the name up itself, refuses with COORDINATOR_PRIVATE what `whyNotAllowed`
 * names, and connects to the very address that it judged, so that a name can't answer twice in two ways. It never
 * follows a redirect and takes no certificate that the system does not trust. Connections are kept for the next beat.
 */
export function createCoordinatorFetch(options: CoordinatorFetchOptions = {}): typeof fetch {
  const resolve = options.resolve ?? ((hostname: string) => systemLookup(hostname, { all: true, verbatim: false }))
  // A beat comes every 30 s; a connection that waits longer than that is closed by most servers.
  const agents = {
    http: new HttpAgent({ keepAlive: true, timeout: 20_000 }),
    https: new HttpsAgent({ keepAlive: true, timeout: 20_000 }),
  }

  /** The addresses that may be connected to, at least one; the system tries them in order. */
  async function addressesOf({ hostname }: URL): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
    const bare = hostname.replace(/^\[|\]$/g, '')
    const family = isIP(bare)
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

function responseOf(incoming: IncomingMessage, isHead: boolean): Response {
  const status = incoming.statusCode ?? 502
  const isEmpty = isHead || NO_BODY.includes(status)
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  if (isEmpty) incoming.resume()
  const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>)
  return new Response(body, { status, headers })
}

/** One for the process: it holds the kept connections and nothing else. */
export const coordinatorFetch: typeof fetch = createCoordinatorFetch()
