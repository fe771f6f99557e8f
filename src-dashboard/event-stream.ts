import type { Clock, Disposer } from '../src-shared/clock'
import { FEED_HEARTBEAT_MS } from './feed'
import { createSseParser, type SseEvent } from './sse-parser'

export type Link =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Nothing is heard; `retryAt` in epoch ms. */
  | { state: 'away'; retryAt: number }

export interface EventStream {
  retryNow(): void
  dispose: Disposer
}

export interface EventStreamOptions {
  url: string
  fetch: typeof fetch
  clock: Clock
  /** The admin token, asked for at every attempt; null reads without one. It travels in a header, never in an address. */
  token(): string | null
  onEvent(event: SseEvent): void
  onLink(link: Link): void
  /** The coordinator does not know this token. The stream goes on without one. */
  onTokenRefused(): void
}

const RETRIES_MS = [1_000, 2_000, 4_000, 10_000] as const
/** Two beats may be lost; a third is silence. */
const SILENCE_MS = 3 * FEED_HEARTBEAT_MS

/**
 * Reads server-sent events with fetch, because EventSource can't send a header. Comes back by itself after every
 * loss, and asks for what it missed by the last event's id.
 */
export function openEventStream(options: EventStreamOptions): EventStream {
  const { clock } = options
  let lastId = ''
  let failures = 0
  let isDisposed = false
  let attempt: AbortController | null = null
  let cancelRetry: Disposer = () => undefined

  async function read(signal: AbortSignal, onSign: () => void): Promise<void> {
    const token = options.token()
    const response = await options.fetch(options.url, {
      headers: {
        accept: 'text/event-stream',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(lastId === '' ? {} : { 'last-event-id': lastId }),
      },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal,
    })
    if (response.status === 401 && token !== null) {
      lastId = ''
      options.onTokenRefused()
      return
    }
    if (!response.ok || !response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new Error(`HTTP ${response.status}`)
    }
    const parser = createSseParser()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || signal.aborted) return
      onSign()
      for (const event of parser.feed(value)) {
        lastId = event.id
        failures = 0
        options.onLink({ state: 'live' })
        options.onEvent(event)
      }
    }
  }

  async function connect(): Promise<void> {
    const own = new AbortController()
    attempt = own
    options.onLink({ state: 'connecting' })
    let cancelSilence: Disposer = () => undefined
    const watch = () => {
      cancelSilence()
      cancelSilence = clock.after(SILENCE_MS, () => own.abort())
    }
    watch()
    try {
      await read(own.signal, watch)
    } catch {
      // Why it ended does not matter: the page says that it is away, and tries again.
    } finally {
      cancelSilence()
      own.abort()
    }
    if (!isDisposed && attempt === own) wait()
  }

  function wait(): void {
    const delayMs = RETRIES_MS[Math.min(failures, RETRIES_MS.length - 1)] ?? 0
    failures += 1
    options.onLink({ state: 'away', retryAt: clock.now() + delayMs })
    cancelRetry = clock.after(delayMs, () => void connect())
  }

  function restart(): void {
    if (isDisposed) return
    cancelRetry()
    const before = attempt
    attempt = null
    before?.abort()
    void connect()
  }

  void connect()
  return {
    /** At once and from the start: also after a token was given or taken away. */
    retryNow() {
      lastId = ''
      restart()
    },
    dispose() {
      isDisposed = true
      cancelRetry()
      attempt?.abort()
    },
  }
}
