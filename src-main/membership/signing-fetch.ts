import type { PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { signRequest } from './request-signature'

/**
 * A `fetch` that signs what a worker says of itself (everything but GET) to the coordinator at `baseUrl`, without a
 * trailing slash. Requests to other addresses, and bodies that are no text, are passed on as they are.
 */
export function createSigningFetch(options: {
  fetch: typeof fetch
  baseUrl: string
  /** Asked for with the first request that is signed. */
  identity: () => Promise<PrivateKey>
  clock: Clock
}): typeof fetch {
  const { baseUrl, clock } = options
  let identity: Promise<PrivateKey> | null = null
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input)
    const method = init.method ?? 'GET'
    const { body = null } = init
    if (method === 'GET' || !url.startsWith(`${baseUrl}/`) || (body !== null && typeof body !== 'string')) {
      return options.fetch(input, init)
    }
    identity ??= options.identity()
    const request = { method, path: url.slice(baseUrl.length), body: body ?? '', audience: baseUrl }
    const signature = await signRequest(await identity, request, clock)
    return options.fetch(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...signature },
    })
  }
}
