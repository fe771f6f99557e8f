import type { z } from 'zod'
import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import { plainText } from './plain-text'

export interface CoordinatorCall<S extends z.ZodType> {
  method: 'GET' | 'POST' | 'DELETE'
  /** Begins with a slash; appended to the base URL. */
  path: string
  body?: unknown
  reply: S
  timeoutMs: number
  maxReplyBytes: number
  /** What a JSON 404 means here: on worker calls that the coordinator has forgotten us. */
  notFoundIs: 'unknown-worker' | 'not-a-coordinator' | 'refusal'
  /** Fields of the reply that the evidence quotes. */
  evidenceOf: (reply: z.output<S>) => Record<string, unknown>
  signal?: AbortSignal | undefined
}

export interface CoordinatorAnswer<T> {
  value: T
  /** The coordinator's own words: status code, field values, when. */
  evidence: Evidence
}

/** Codes that a coordinator of ours may raise here by name; every other refusal is COORDINATOR_REFUSED. */
const NAMED_REFUSALS = [
  'DEMO_CONFINED',
  'WORKER_ID_TAKEN',
  'COORDINATOR_BUSY',
  'COORDINATOR_ADMIN_ONLY',
  'INVITE_EXPIRED',
  'INVITE_INVALID',
  'INVITE_REVOKED',
  'INVITE_USED',
  'REQUEST_TIME_WRONG',
  'REQUEST_UNSIGNED',
] as const
/** Errors that a gateway answers with in place of a server that is down. */
const GATEWAY_STATUSES = [502, 503, 504]

const SOCKET_WORDS: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the name is unknown',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'the computer cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection was cut',
}

/**
 * One HTTP call, bounded in time and size, checked from status code to schema. Redirects are not followed, so
 * that an address can't lead this node somewhere else. Throws COORDINATOR_UNREACHABLE, COORDINATOR_NOT_ONE,
 * COORDINATOR_UNKNOWN_WORKER, COORDINATOR_REFUSED or one of the named refusals; CANCELLED when `signal` aborts.
 */
export async function callCoordinator<S extends z.ZodType>(
  connection: { baseUrl: string; fetch: typeof fetch; clock: Clock },
  call: CoordinatorCall<S>,
): Promise<CoordinatorAnswer<z.output<S>>> {
  const { baseUrl, clock } = connection
  const deadline = new AbortController()
  const cancelDeadline = clock.after(call.timeoutMs, () => deadline.abort())
  // Not AbortSignal.any: on Node 20 it leaks a little with every call while the caller's signal lives.
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  const { signal } = stopped
  for (const parent of [deadline.signal, call.signal]) {
    if (parent?.aborted) stop()
    else parent?.addEventListener('abort', stop, { once: true })
  }
  let status: number
  let location: string | null
  let contentType: string | null
  let text: string
  try {
    const response = await connection.fetch(baseUrl + call.path, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      redirect: 'manual',
      credentials: 'omit',
      signal,
    })
    status = response.status
    location = response.headers.get('location')
    contentType = response.headers.get('content-type')
    text = await readBounded(response, call.maxReplyBytes)
  } catch (error) {
    if (isErrorCode(error, 'COORDINATOR_NOT_ONE') || isErrorCode(error, 'COORDINATOR_PRIVATE')) throw error
    if (call.signal?.aborted) throw new EspalierError('CANCELLED', undefined, { cause: error })
    const why = deadline.signal.aborted ? `no answer within ${call.timeoutMs / 1000} s` : socketWords(error)
    throw new EspalierError('COORDINATOR_UNREACHABLE', `${baseUrl}: ${why}`, { cause: error })
  } finally {
    cancelDeadline()
    call.signal?.removeEventListener('abort', stop)
  }

  if (status >= 300 && status < 400) {
    const to = location ? ` to ${plainText(location, 120)}` : ''
    throw new EspalierError('COORDINATOR_NOT_ONE', `${baseUrl} redirects${to}`)
  }
  // What calls itself something else is not taken for JSON, even where it could be read as such.
  const isJson = contentType === null || /^\s*(application|text)\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType)
  const body = status === 204 ? {} : isJson ? parseJson(text) : undefined
  if (status < 200 || status >= 300) throw refusal(baseUrl, call.notFoundIs, status, body)
  if (body === undefined) throw new EspalierError('COORDINATOR_NOT_ONE', `${baseUrl} answered with ${looksLike(text)}`)
  const parsed = call.reply.safeParse(body)
  if (!parsed.success) {
    throw new EspalierError(
      'COORDINATOR_NOT_ONE',
      `the answer to ${call.method} ${call.path} is not as documented (${plainText(issuesOf(parsed.error), 200)})`,
    )
  }
  const fields = Object.entries(call.evidenceOf(parsed.data)).map(([name, value]) => `${name} ${String(value)}`)
  return {
    value: parsed.data,
    evidence: {
      kind: 'coordinator',
      by: baseUrl.slice(0, 200),
      at: clock.now(),
      value: plainText([`${call.method} ${call.path}: HTTP ${status}`, ...fields].join(', '), 500),
    },
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const tooLarge = () => new EspalierError('COORDINATOR_NOT_ONE', `its answer is larger than ${maxBytes} bytes`)
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await response.body?.cancel()
    throw tooLarge()
  }
  if (!response.body) return ''
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  // Leaving the loop by an error cancels the body, and with it the connection.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusal(
  baseUrl: string,
  notFoundIs: CoordinatorCall<z.ZodType>['notFoundIs'],
  status: number,
  body: unknown,
): EspalierError {
  const named = NAMED_REFUSALS.find((code) => code === errorOf(body)?.code)
  if (named) return new EspalierError(named, reasonOf(body))
  const isObject = typeof body === 'object' && body !== null
  if (status === 404) {
    if (!isObject || notFoundIs === 'not-a-coordinator') {
      return new EspalierError(
        'COORDINATOR_NOT_ONE',
        `${baseUrl} answers HTTP 404; it may miss a path or have one too many`,
      )
    }
    const foreign = errorOf(body)?.code
    if (notFoundIs === 'unknown-worker' && (foreign === undefined || foreign === 'COORDINATOR_UNKNOWN_WORKER')) {
      return new EspalierError('COORDINATOR_UNKNOWN_WORKER', reasonOf(body))
    }
  }
  if (GATEWAY_STATUSES.includes(status)) {
    return new EspalierError('COORDINATOR_UNREACHABLE', `${baseUrl}: the gateway before it answers HTTP ${status}`)
  }
  if (!isObject && status < 500) {
    return new EspalierError('COORDINATOR_NOT_ONE', `${baseUrl} answers HTTP ${status} without a reason`)
  }
  return new EspalierError('COORDINATOR_REFUSED', [`HTTP ${status}`, reasonOf(body)].filter(Boolean).join(', '))
}

/** `{ error: { code, cause } }` is ours; `{ detail }`, a text or a list of `{ msg }`, is what FastAPI servers send. */
function reasonOf(body: unknown): string | undefined {
  const ours = errorOf(body)?.cause
  if (typeof ours === 'string') return plainText(ours, 300)
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : undefined
  if (typeof detail === 'string') return plainText(detail, 300)
  return detail === undefined ? undefined : plainText(JSON.stringify(detail), 300)
}

function errorOf(body: unknown): Partial<Record<keyof ErrorReport, unknown>> | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  return typeof body.error === 'object' && body.error !== null ? body.error : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function looksLike(text: string): string {
  if (text.trim() === '') return 'nothing'
  if (/^\s*</.test(text)) return 'a web page'
  return 'something that is not JSON'
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
}

function socketWords(error: unknown): string {
  const chain = causesOf(error)
  const code = chain.map((at) => (at as NodeJS.ErrnoException).code).find((found) => found !== undefined)
  // fetch's own message is "fetch failed"; the innermost cause says why.
  return SOCKET_WORDS[code ?? ''] ?? plainText([code, messageOf(chain.at(-1) ?? error)].filter(Boolean).join(' '), 200)
}

/** True when the request surely never reached a coordinator: no connection came about. */
export function wasNeverSent(error: unknown): boolean {
  const codes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']
  return causesOf(error).some((at) => codes.includes((at as NodeJS.ErrnoException).code ?? ''))
}

/** The error, its cause, that one's cause and so on, within reason. EspalierErrors' own codes are not system codes. */
function causesOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at: unknown = error; at instanceof Error && chain.length < 6; at = at.cause) {
    if (!(at instanceof EspalierError)) chain.push(at)
    else if (at.cause === undefined) break
  }
  return chain
}
