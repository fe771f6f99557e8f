import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Failure } from '../src-renderer/bridge-client'
import type { Clock, Disposer } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import { ApiError, type CoordinatorApi } from './coordinator-api'
import { type Link, openEventStream } from './event-stream'
import { applyChange, ChangeSchema, type Snapshot, SnapshotSchema } from './feed'
import type { HostToken } from './host-token'
import type { SseEvent } from './sse-parser'

export interface DashboardState {
  link: Link
  /** The newest that was told; kept while the coordinator is away, so that the page can say what it knew. */
  snapshot: Snapshot | null
  /** Page's clock, epoch ms. */
  heardAt: number | null
  /** What the coordinator's clock shows minus what this page's clock shows, ms. */
  clockOffsetMs: number
  /** Something came that was not understood: page and coordinator are of different versions. */
  isMisfit: boolean
  isTokenRefused: boolean
  /** A token is kept in this tab; whether the coordinator takes it, `snapshot.view` says. */
  hasToken: boolean
  /** What the host asked for and waits for. */
  busy: string | null
  failure: Failure | null
}

export interface DashboardStore {
  readonly state: StoreApi<DashboardState>
  readonly api: CoordinatorApi
  signIn(token: string): void
  signOut(): void
  /** One at a time. Resolves to whether it worked; what went wrong is in the state. */
  act(name: string, work: (api: CoordinatorApi) => Promise<unknown>): Promise<boolean>
  dismissFailure(): void
  retryNow(): void
  dispose: Disposer
}

export interface DashboardStoreOptions {
  /** Of the coordinator; ends with a slash. */
  baseUrl: string
  fetch: typeof fetch
  clock: Clock
  token: HostToken
  makeApi(token: () => string | null): CoordinatorApi
}

/** The page's memory: what the coordinator told, and nothing that the page hopes for. */
export function createDashboardStore(options: DashboardStoreOptions): DashboardStore {
  const { clock, token } = options
  const state = createStore<DashboardState>()(() => ({
    link: { state: 'connecting' },
    snapshot: null,
    heardAt: null,
    clockOffsetMs: 0,
    isMisfit: false,
    isTokenRefused: false,
    hasToken: token.get() !== null,
    busy: null,
    failure: null,
  }))
  const api = options.makeApi(token.get)

  function take(snapshot: Snapshot): void {
    const now = clock.now()
    state.setState({ snapshot, heardAt: now, clockOffsetMs: snapshot.at - now })
  }

  function onEvent(event: SseEvent): void {
    const data = parseJson(event.data)
    if (event.name === 'snapshot') {
      const parsed = SnapshotSchema.safeParse(data)
      if (parsed.success) take(parsed.data)
      else state.setState({ isMisfit: true })
    } else if (event.name === 'change') {
      const parsed = ChangeSchema.safeParse(data)
      const { snapshot } = state.getState()
      if (!parsed.success) state.setState({ isMisfit: true })
      else if (snapshot) take(applyChange(snapshot, parsed.data))
    }
  }

  const stream = openEventStream({
    url: new URL('events', options.baseUrl).href,
    fetch: options.fetch,
    clock,
    token: token.get,
    onEvent,
    onLink: (link) => {
      const before = state.getState().link
      if (link.state !== before.state || link.state === 'away') state.setState({ link })
    },
    onTokenRefused() {
      token.set(null)
      state.setState({ hasToken: false, isTokenRefused: true })
    },
  })

  return {
    state,
    api,
    signIn(given) {
      token.set(given)
      state.setState({ hasToken: true, isTokenRefused: false, failure: null })
      stream.retryNow()
    },
    signOut() {
      token.set(null)
      // What only the host may see leaves the page at once.
      state.setState({ hasToken: false, isTokenRefused: false, snapshot: null, failure: null })
      stream.retryNow()
    },
    async act(name, work) {
      if (state.getState().busy !== null) return false
      state.setState({ busy: name, failure: null })
      try {
        await work(api)
        return true
      } catch (error) {
        state.setState({ failure: failureOf(error) })
        return false
      } finally {
        state.setState({ busy: null })
      }
    },
    dismissFailure: () => state.setState({ failure: null }),
    retryNow: stream.retryNow,
    dispose: stream.dispose,
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof ApiError ? error.failure : new EspalierError('INTERNAL', messageOf(error)).report()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
