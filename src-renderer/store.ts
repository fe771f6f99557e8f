import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock, Disposer } from '../src-shared/clock'
import type { EventPayload } from '../src-shared/contract'
import type { NodeStatus } from '../src-shared/status'
import type { Connection } from './bridge/transport'
import { type BridgeClient, CallError, type Failure } from './bridge-client'
import { beginGeneration, type Generation, isBusy, withEnd, withFailure, withToken } from './generation'

export interface AppState {
  connection: Connection
  /** The newest snapshot, and when it came; kept while the connection is away, so that the page can say what it knew. */
  status: NodeStatus | null
  receivedAt: number | null
  /** The snapshot belongs to this connection. False while reconnecting: then nothing on the page is news. */
  isLive: boolean
  isMisfit: boolean
  pending: 'start' | 'stop' | null
  failure: Failure | null
  generation: Generation | null
}

export interface AppActions {
  start(): Promise<void>
  stop(): Promise<void>
  generate(prompt: string, maxTokens: number): Promise<void>
  cancelGeneration(): Promise<void>
  dismissFailure(): void
  retryNow(): void
}

export interface AppStore {
  readonly state: StoreApi<AppState>
  readonly actions: AppActions
  dispose(): void
}

const STATUS_RETRY_MS = 2_000

/** The page's memory. Node status comes only from snapshots of the bridge; nothing here guesses ahead of them. */
export function createAppStore(client: BridgeClient, clock: Clock): AppStore {
  const { transport } = client
  const state = createStore<AppState>()(() => ({
    connection: transport.connection,
    status: null,
    receivedAt: null,
    isLive: false,
    isMisfit: false,
    pending: null,
    failure: null,
    generation: null,
  }))
  let connectionCount = 0
  let cancelRetry: Disposer = () => undefined
  /** Text may overtake the reply that says which generation it belongs to. */
  let early: EarlyEvent[] = []

  const takeSnapshot = (status: NodeStatus) => {
    const { status: known, isLive } = state.getState()
    // A restarted host counts from the start again, so revisions are compared within one connection only.
    if (isLive && known && status.revision < known.revision) return
    state.setState({ status, isLive: true, receivedAt: clock.now() })
  }

  const fetchStatus = async (forConnection: number) => {
    try {
      const status = await client.call('status.get', {})
      if (forConnection === connectionCount) takeSnapshot(status)
    } catch {
      // Either the connection went (then the next one asks again) or the host is not ready: ask again shortly.
      if (forConnection !== connectionCount) return
      cancelRetry = clock.after(STATUS_RETRY_MS, () => void fetchStatus(forConnection))
    }
  }

  const onConnection = (connection: Connection) => {
    connectionCount += 1
    cancelRetry()
    state.setState({ connection, isLive: false })
    if (connection.state === 'open') void fetchStatus(connectionCount)
  }

  const updateGeneration = (update: (generation: Generation) => Generation) => {
    const { generation } = state.getState()
    if (generation) state.setState({ generation: update(generation) })
  }

  const onGenerationEvent = (event: EarlyEvent) => {
    if (state.getState().generation?.state === 'starting') early.push(event)
    else updateGeneration((generation) => applyEvent(generation, event))
  }

  const operate = async (pending: 'start' | 'stop') => {
    if (state.getState().pending) return
    state.setState({ pending, failure: null })
    try {
      await client.call(pending === 'start' ? 'node.start' : 'node.stop', {})
    } catch (error) {
      state.setState({ failure: failureOf(error) })
    } finally {
      state.setState({ pending: null })
    }
  }

  const actions: AppActions = {
    start: () => operate('start'),
    stop: () => operate('stop'),
    async generate(prompt, maxTokens) {
      if (isBusy(state.getState().generation)) return
      early = []
      state.setState({ generation: beginGeneration(prompt) })
      try {
        const { generationId } = await client.call('generate.start', { prompt, maxTokens })
        updateGeneration((generation) =>
          early.reduce(applyEvent, { ...generation, id: generationId, state: 'streaming' }),
        )
      } catch (error) {
        updateGeneration((generation) => withFailure(generation, failureOf(error)))
      } finally {
        early = []
      }
    },
    async cancelGeneration() {
      const { generation } = state.getState()
      if (generation?.state !== 'streaming' || generation.id === null) return
      state.setState({ generation: { ...generation, state: 'stopping' } })
      try {
        await client.call('generate.cancel', { generationId: generation.id })
      } catch (error) {
        updateGeneration((now) => (isBusy(now) ? withFailure(now, failureOf(error)) : now))
      }
    },
    dismissFailure: () => state.setState({ failure: null }),
    retryNow: () => transport.retryNow(),
  }

  const disposers = [
    client.on('status', takeSnapshot),
    client.on('generate.token', (token) => onGenerationEvent({ token })),
    client.on('generate.end', (end) => onGenerationEvent({ end })),
    client.onMisfit(() => state.setState({ isMisfit: true })),
    transport.onConnection((connection) => {
      onConnection(connection)
      if (connection.state !== 'open') updateGeneration(lostOnTheWay)
    }),
  ]
  onConnection(transport.connection)

  return {
    state,
    actions,
    dispose() {
      cancelRetry()
      for (const dispose of disposers) dispose()
    },
  }
}

type EarlyEvent = { token: EventPayload<'generate.token'> } | { end: EventPayload<'generate.end'> }

function applyEvent(generation: Generation, event: EarlyEvent): Generation {
  return 'token' in event ? withToken(generation, event.token) : withEnd(generation, event.end)
}

/** What was said while we were away is lost, so the answer cannot be shown as a whole one. */
function lostOnTheWay(generation: Generation): Generation {
  if (!isBusy(generation)) return generation
  return withFailure(generation, {
    code: 'BRIDGE_DISCONNECTED',
    cause: 'The connection to the node was lost, and with it the rest of this answer',
    action: 'Ask again when the page is connected.',
  })
}

function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure
  return { code: 'INTERNAL', cause: String(error), action: 'Reload the page.' }
}
