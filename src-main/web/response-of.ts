import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

const NO_BODY = [101, 204, 205, 304]

/** What Node's client has received, as `fetch` gives it. */
export function responseOf(incoming: IncomingMessage, isHead: boolean): Response {
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
