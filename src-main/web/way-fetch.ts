import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { responseOf } from './response-of'
import { type WayOut, wayOut } from './way-out'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * `fetch` for small answers of public addresses, through the operator's proxy and with the operator's certificates:
 * Node 20's own fetch knows neither (Node 24 has NODE_USE_ENV_PROXY, and no certificates either). Redirects are
 * followed by nobody: they are an error unless asked for with `manual`.
 */
export function createWayFetch(way: WayOut): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    init.signal?.throwIfAborted()
    const response = await new Promise<Response>((resolve, reject) => {
      const asked = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.signal && { signal: init.signal }),
        ...way.to(url),
      })
      asked.on('response', (incoming) => resolve(responseOf(incoming, init.method === 'HEAD')))
      asked.on('error', reject)
      asked.end(typeof init.body === 'string' ? init.body : undefined)
    })
    if (!REDIRECTS.has(response.status) || init.redirect === 'manual') return response
    await response.body?.cancel()
    throw new TypeError(`${url.host} redirects, which is not followed`)
  }
}

export const wayFetch: typeof fetch = createWayFetch(wayOut)
