import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { type WayOut, wayOut } from '../../web/way-out'
import { checkHost, publicLookup } from './http-guard'
import type { ByteRequest, ByteSink } from './source'
import { freeSpent } from './spent-bytes'

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const CONTENT_RANGE = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/

export interface HttpOptions {
  /**
   * The token for a host, or null. Asked only for the hosts below and only at the address that a request begins with:
   * never after a redirect to another host, never over plain http to a public one.
   */
  tokenFor?: (host: string) => Promise<string | null>
  /** Hosts that may ask for a token. */
  tokenHosts?: readonly string[]
  /** Whether addresses on this computer and its own network may be asked: the operator's own mirror, tests. */
  allowPrivate?: boolean
  /** For tests; the process's own otherwise. */
  way?: WayOut
}

export interface RangeClient {
  /**
   * Streams bytes of the file at `url` into the sink; `totalBytes` is the size that the file has to have, if known. Throws SOURCE_IGNORES_RANGES before a byte of an unasked-for
   * body is taken, SOURCE_CHANGED (other size, other ETag), SOURCE_GATED, SOURCE_REFUSED, SOURCE_FORBIDDEN, and
   * PEER_UNREACHABLE or TIMED_OUT for what may pass.
   */
  read(
    url: URL,
    request: ByteRequest & { readonly totalBytes: number | null },
    sink: ByteSink,
    signal: AbortSignal,
  ): Promise<{ totalBytes: number }>
  close(): void
}

export const HUGGING_FACE_HOSTS: readonly string[] = ['huggingface.co']

/** A client of its own connections and ETags; one per source. */
export function createRangeClient(options: HttpOptions = {}): RangeClient {
  const { tokenFor, tokenHosts = HUGGING_FACE_HOSTS, allowPrivate = false, way = wayOut } = options
  const guard = allowPrivate ? {} : { lookup: publicLookup }
  const plain = new HttpAgent({ keepAlive: true, ...guard })
  const secure = new HttpsAgent({ keepAlive: true, ...guard })
  /** Strong ones only: a weak ETag may stand for other bytes. */
  const etags = new Map<string, string>()

  async function headersFor(url: URL, start: URL, { offset, sizeBytes }: ByteRequest): Promise<OutgoingHttpHeaders> {
    const headers: OutgoingHttpHeaders = {
      range: `bytes=${offset}-${offset + sizeBytes - 1}`,
      // A compressed body would have other ranges than the file.
      'accept-encoding': 'identity',
      'user-agent': 'espalier',
    }
    const etag = etags.get(start.href)
    if (etag !== undefined) headers['if-range'] = etag
    const isSafe = url.protocol === 'https:' || allowPrivate
    const mayKnowToken = isSafe && url.host === start.host && tokenHosts.includes(url.hostname)
    const secret = mayKnowToken ? await tokenFor?.(url.hostname) : null
    if (secret) headers.authorization = `Bearer ${secret}`
    return headers
  }

  function send(url: URL, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
    checkHost(url, allowPrivate)
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:'
      const sent = (isSecure ? httpsRequest : httpRequest)(url, {
        ...{ agent: isSecure ? secure : plain, headers },
        ...way.to(url),
      })
      const onAbort = () => void sent.destroy(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      sent.on('close', () => signal.removeEventListener('abort', onAbort))
      sent.on('error', (error) => reject(signal.aborted ? signal.reason : networkFailure(error, url)))
      sent.on('response', resolve)
      if (signal.aborted) onAbort()
      sent.end()
    })
  }

  async function follow(start: URL, request: ByteRequest, signal: AbortSignal): Promise<IncomingMessage> {
    let url = start
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const headers = await headersFor(url, start, request)
      const response = await send(url, headers, signal)
      const status = response.statusCode ?? 0
      if ((status === 401 || status === 403) && tokenHosts.includes(url.hostname)) {
        response.destroy()
        const why = headers.authorization === undefined ? 'no token was sent' : 'it does not accept the token'
        throw new EspalierError('SOURCE_GATED', `${url.host} answers ${status}: ${why}`)
      }
      const { location } = response.headers
      if (!REDIRECTS.has(status) || location === undefined) return response
      // Its body is of no interest, and may be endless.
      response.destroy()
      const next = URL.canParse(location, url) ? new URL(location, url) : null
      if (next === null || !/^https?:$/.test(next.protocol)) {
        throw new EspalierError('SOURCE_REFUSED', `${url.host} redirects to a strange address`)
      }
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new EspalierError('SOURCE_FORBIDDEN', `${url.host} redirects to an unencrypted address`)
      }
      // The token stays behind; so does what the address itself carries.
      next.username = ''
      next.password = ''
      url = next
    }
    throw new EspalierError('SOURCE_REFUSED', `${start.host} redirects more than ${MAX_REDIRECTS} times`)
  }

  return {
    async read(url, request, sink, signal) {
      const response = await follow(url, request, signal)
      try {
        const totalBytes = checkResponse(response, url, request, etags.has(url.href))
        if (request.totalBytes !== null && totalBytes !== request.totalBytes) {
          throw new EspalierError('SOURCE_CHANGED', `${url.host} has ${totalBytes} bytes, not ${request.totalBytes}`)
        }
        const { etag } = response.headers
        if (etag?.startsWith('"')) etags.set(url.href, etag)
        await pour(response, url, request.sizeBytes, sink, signal)
        return { totalBytes }
      } catch (error) {
        // Cuts the connection: whatever else the server has in mind is not read.
        response.destroy()
        throw error
      }
    },
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

/** Returns the size of the whole file. */
function checkResponse(response: IncomingMessage, url: URL, request: ByteRequest, hadEtag: boolean): number {
  const { statusCode: status = 0, headers } = response
  const text = `${url.host} answers ${status}`
  if (status === 200) {
    if (hadEtag) throw new EspalierError('SOURCE_CHANGED', `${url.host} has a newer file`)
    throw new EspalierError('SOURCE_IGNORES_RANGES', url.host)
  }
  if (status === 416) throw new EspalierError('SOURCE_CHANGED', `${url.host} has a shorter file`)
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new EspalierError('PEER_UNREACHABLE', text)
  }
  if (status !== 206) throw new EspalierError('SOURCE_REFUSED', text)
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new EspalierError('SOURCE_IGNORES_RANGES', `${url.host} sends ${encoding}`)
  }
  const range = CONTENT_RANGE.exec(headers['content-range'] ?? '')
  const [from, to, total] = [Number(range?.[1]), Number(range?.[2]), Number(range?.[3])]
  const isAsked = from === request.offset && to === request.offset + request.sizeBytes - 1
  if (range === null || !isAsked) throw new EspalierError('SOURCE_IGNORES_RANGES', `${url.host} sends another range`)
  return total
}

/** Event by event and not through an iterator: that would cost more than the reading itself. */
function pour(
  response: IncomingMessage,
  url: URL,
  sizeBytes: number,
  sink: ByteSink,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { socket } = response
    let received = 0
    /** The stream may end while the sink still works on its last bytes. */
    let taking: Promise<void> | undefined
    let isOver = false
    const end = (error?: unknown) => {
      if (isOver) return
      isOver = true
      signal.removeEventListener('abort', onAbort)
      socket.off('data', freeSpent)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onAbort = () => {
      end(signal.reason)
      response.destroy()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // After Node's parser, which has copied the body out of what the socket read.
    socket.on('data', freeSpent)
    response.on('data', (chunk: Buffer) => {
      if (isOver) return
      received += chunk.byteLength
      if (received > sizeBytes) {
        end(new EspalierError('PROTOCOL_VIOLATION', `${url.host} sends more than was asked for`))
        return
      }
      const taken = sink(chunk)
      if (taken === undefined) return freeSpent(chunk)
      response.pause()
      taking = taken
      taken.then(() => {
        freeSpent(chunk)
        response.resume()
      }, end)
    })
    response.on('error', (error) => end(networkFailure(error, url)))
    response.on('close', () => {
      if (received === sizeBytes) return
      end(
        new EspalierError(
          'PEER_UNREACHABLE',
          `${url.host} ended the connection after ${received} of ${sizeBytes} bytes`,
        ),
      )
    })
    response.on('end', () => {
      // The socket may go on to somebody else's response while the last bytes of this one are still with the sink.
      socket.off('data', freeSpent)
      if (received === sizeBytes) Promise.resolve(taking).then(() => end(), end)
      else end(new EspalierError('PEER_UNREACHABLE', `${url.host} sent ${received} of ${sizeBytes} bytes`))
    })
    if (signal.aborted) onAbort()
  })
}

function networkFailure(error: unknown, url: URL): EspalierError {
  if (error instanceof EspalierError) return error
  return new EspalierError('PEER_UNREACHABLE', `${url.host} (${messageOf(error)})`, { cause: error })
}
