import type { Clock } from '../../../src-shared/clock'
import { messageOf } from '../../../src-shared/errors'
import { plainText } from '../plain-text'

/** One answer, as it came: the suite judges it, so nothing is checked here but its size. */
export interface RawAnswer {
  call: string
  status: number
  contentType: string
  /** Undefined when it is not JSON. */
  json: unknown
  tookMs: number
}

/** Rejects with an Error in plain words when no answer came. */
export type ContractCaller = (
  method: string,
  path: string,
  body?: unknown,
  options?: { asHost?: boolean; timeoutMs?: number },
) => Promise<RawAnswer>

const MAX_BYTES = 4 * 1024 * 1024
const TIMEOUT_MS = 10_000

/** Plain HTTP with the document's headers; with `asHost` the admin token goes along. */
export function createContractCaller(options: {
  baseUrl: string
  fetch: typeof fetch
  clock: Clock
  adminToken: string | null
}): ContractCaller {
  const { baseUrl, clock, adminToken } = options
  return async (method, path, body, { asHost = false, timeoutMs = TIMEOUT_MS } = {}) => {
    const call = `${method} ${path.replace(/contract-[0-9a-f-]+/, '{id}')}`
    const deadline = new AbortController()
    const cancel = clock.after(timeoutMs, () => deadline.abort())
    const startedAt = clock.monotonicMs()
    try {
      const response = await options.fetch(baseUrl + path, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(asHost && adminToken !== null ? { authorization: `Bearer ${adminToken}` } : {}),
        },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: 'manual',
        signal: deadline.signal,
      })
      const text = await textOf(response)
      return {
        call,
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        json: parse(text),
        tookMs: clock.monotonicMs() - startedAt,
      }
    } catch (error) {
      const why = deadline.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : plainText(messageOf(error), 200)
      throw new Error(`${call}: ${why}`, { cause: error })
    } finally {
      cancel()
    }
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  if (!response.body) return ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_BYTES) throw new Error(`its answer is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
