import * as z from 'zod/mini'
import type { Failure } from '../src-renderer/bridge-client'
import { EspalierError, messageOf } from '../src-shared/errors'

/** A refusal of the coordinator, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(readonly failure: Failure) {
    super(failure.cause)
  }
}

export interface CoordinatorApi {
  approve(workerId: string, reason: string): Promise<void>
  reject(workerId: string, reason: string): Promise<void>
  /** Takes it off the list. */
  remove(workerId: string, reason: string): Promise<void>
  /** Sends LOAD_SHARD to it again; the feed says what comes of it. */
  load(workerId: string): Promise<void>
  /** Takes that back. */
  cancelLoad(workerId: string): Promise<void>
  setTargetWorkers(count: number): Promise<void>
  setQuantization(mode: string): Promise<void>
  /** Any other call with the host's power. Throws ApiError. */
  call(method: Method, path: string, body?: object): Promise<unknown>
  /** What is not JSON, as text. Throws ApiError. */
  text(path: string): Promise<string>
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const RefusalSchema = z.object({
  error: z.object({
    code: z.string().check(z.maxLength(80)),
    cause: z.string().check(z.maxLength(2_000)),
    action: z.string().check(z.maxLength(1_000)),
  }),
})
const TIMEOUT_MS = 15_000

/** What the host can do, over the coordinator's public endpoints; every call carries the token in a header. */
export function createCoordinatorApi(options: {
  /** Ends with a slash. */
  baseUrl: string
  fetch: typeof fetch
  token(): string | null
}): CoordinatorApi {
  const send = async (method: Method, path: string, body?: object): Promise<Response> => {
    const token = options.token()
    const response = await options
      .fetch(new URL(path, options.baseUrl), {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      .catch((error: unknown) => {
        throw new ApiError(new EspalierError('COORDINATOR_UNREACHABLE', messageOf(error)).report())
      })
    if (response.ok) return response
    const refusal = RefusalSchema.safeParse(await response.json().catch(() => null))
    throw new ApiError(
      refusal.success ? refusal.data.error : new EspalierError('INTERNAL', `HTTP ${response.status}`).report(),
    )
  }
  const call: CoordinatorApi['call'] = async (...request) => (await send(...request)).json().catch(() => null)
  const decide = (method: Method, path: string) => async (workerId: string, reason: string) => {
    const given = reason.trim()
    await call(method, `workers/${encodeURIComponent(workerId)}${path}`, given === '' ? {} : { reason: given })
  }
  return {
    call,
    text: async (path) => (await send('GET', path)).text(),
    approve: decide('POST', '/approve'),
    reject: decide('POST', '/reject'),
    remove: decide('DELETE', ''),
    async load(workerId) {
      await call('POST', `workers/${encodeURIComponent(workerId)}/load`)
    },
    async cancelLoad(workerId) {
      await call('DELETE', `workers/${encodeURIComponent(workerId)}/load`)
    },
    async setTargetWorkers(count) {
      await call('PUT', `network/target-workers?count=${count}`)
    },
    async setQuantization(mode) {
      await call('PUT', `network/quantization?mode=${encodeURIComponent(mode)}`)
    },
  }
}

/** Where the coordinator's endpoints lie, seen from its dashboard: behind a proxy they may lie under a path. */
export function baseUrlOf(pageUrl: string): string {
  const url = new URL(pageUrl)
  return `${url.origin}${url.pathname.replace(/\/dashboard\/?(index\.html)?$/, '/')}`
}
