import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { overloadOf } from '../network/overload'
import { MAX_MAP_BYTES, type MapState, parseMapState } from './map-state'

const INTERVAL_MS = 60_000
const MAX_PAUSE_MS = 15 * 60_000
/** As long as the node itself keeps quiet when somebody who serves the network has too much (O-19). */
const OVERLOAD_PAUSE_MS = 15 * 60_000
const HOUR_MS = 3_600_000
const TIMEOUT_MS = 15_000
const JITTER = 0.1
/** At most one question a minute, so never more than this in an hour. */
export const MAP_BUDGET_PER_HOUR = 60

export interface MapPollResult {
  map: MapState | null
  /** Why there is no new state; null when there is. */
  error: string | null
  /** Questions of the last hour. */
  asked: number
  /** The map has too much to do and wants a pause so long, in ms; null: it does not say so. */
  overloadMs: number | null
}

export interface MapPoll {
  readonly asked: number
  stop: Disposer
}

/**
 * Asks a network's map once a minute at most, conditionally, and far less while it is in trouble: public maps have
 * been overloaded by nodes that asked. Redirects are not followed, and the answer is bounded.
 */
export function pollMap(options: {
  url: string
  fetch: typeof fetch
  clock: Clock
  random?: () => number
  onResult(result: MapPollResult): void
}): MapPoll {
  const { url, clock } = options
  const random = options.random ?? Math.random
  const times: number[] = []
  let etag: string | null = null
  let last: MapState | null = null
  let failures = 0
  let overloadMs: number | null = null
  let stopped = false
  let cancel: Disposer = () => undefined

  const asked = () => {
    while (times[0] !== undefined && times[0] <= clock.monotonicMs() - HOUR_MS) times.shift()
    return times.length
  }

  async function ask(): Promise<void> {
    times.push(clock.monotonicMs())
    const response = await options.fetch(`${url.replace(/\/+$/, '')}/api/v1/state`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: 'application/json', ...(etag ? { 'if-none-match': etag } : {}) },
    })
    if (response.status === 304 && last) {
      await response.body?.cancel()
      return
    }
    if (!response.ok) {
      await response.body?.cancel()
      overloadMs = overloadOf(response, clock.now())
      throw new EspalierError('REMOTE_ERROR', `the map answered ${response.status}`)
    }
    last = parseMapState(await boundedText(response))
    etag = response.headers.get('etag')
  }

  async function round(): Promise<void> {
    overloadMs = null
    let error: string | null = null
    try {
      await ask()
      failures = 0
    } catch (failure) {
      failures++
      error = messageOf(failure)
    }
    if (stopped) return
    options.onResult({ map: error === null ? last : null, error, asked: asked(), overloadMs })
    // Never earlier than the interval: the jitter only ever adds.
    const backoffMs = Math.min(INTERVAL_MS * 2 ** failures, MAX_PAUSE_MS) * (1 + JITTER * random())
    const wishedMs = overloadMs === null ? 0 : Math.max(OVERLOAD_PAUSE_MS, overloadMs)
    cancel = clock.after(Math.max(backoffMs, wishedMs), () => void round())
  }

  void round()
  return {
    get asked() {
      return asked()
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of response.body ?? []) {
    sizeBytes += part.byteLength
    if (sizeBytes > MAX_MAP_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', 'a map over 8 MiB')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
