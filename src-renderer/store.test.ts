import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { servingStatus, stoppedStatus } from '../e2e/support/status-fixtures'
import { systemClock } from '../src-shared/clock'
import type { EventName, MethodName, Reply } from '../src-shared/contract-names'
import type { ConnectedTransport, Connection } from './bridge/transport'
import { createBridgeClient } from './bridge-client'
import { createAppStore } from './store'

const OPEN: Connection = { state: 'open', scopes: ['read', 'operate'] }
const AWAY: Connection = { state: 'retrying', retryAt: 0, attempts: 1 }
const ok = (value: unknown): Reply => ({ ok: true, value })
const refused: Reply = { ok: false, error: { code: 'CHAIN_INCOMPLETE', cause: 'A gap', action: 'Wait.' } }

/** The real client and the real store over a transport that a test plays by hand. */
function setUp() {
  const calls: { method: MethodName; input: unknown; answer(reply: Reply): Promise<void> }[] = []
  const eventListeners = new Set<(event: EventName, payload: unknown) => void>()
  const connectionListeners = new Set<(connection: Connection) => void>()
  const transport = {
    kind: 'web' as const,
    connection: { state: 'connecting' } as Connection,
    call: (method: MethodName, input: unknown) =>
      new Promise<Reply>((resolve) =>
        calls.push({
          method,
          input,
          answer: async (reply) => {
            resolve(reply)
            await vi.advanceTimersByTimeAsync(0)
          },
        }),
      ),
    subscribe: (listener: (event: EventName, payload: unknown) => void) => {
      eventListeners.add(listener)
      return () => void eventListeners.delete(listener)
    },
    onConnection: (listener: (connection: Connection) => void) => {
      connectionListeners.add(listener)
      return () => void connectionListeners.delete(listener)
    },
    retryNow: vi.fn(),
    dispose: () => undefined,
  } satisfies ConnectedTransport
  const store = createAppStore(createBridgeClient(transport), systemClock)
  return {
    store,
    now: () => store.state.getState(),
    calls,
    lastCall: (method: MethodName) => calls.filter((call) => call.method === method).at(-1)!,
    emit: (event: EventName, payload: unknown) => {
      for (const listener of eventListeners) listener(event, payload)
    },
    connect: (connection: Connection) => {
      transport.connection = connection
      for (const listener of connectionListeners) listener(connection)
    },
    listenerCount: () => eventListeners.size + connectionListeners.size,
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const status = (revision: number) => ({ ...servingStatus(1_000), revision })
const end = (error: unknown = null) => ({ generationId: 'g1', error, tokens: 2, tokensPerSecond: 9, hops: [] })

describe('status', () => {
  it('asks for a snapshot when connected, and takes what is pushed', async () => {
    const app = setUp()
    expect(app.calls).toHaveLength(0)
    app.connect(OPEN)
    await app.lastCall('status.get').answer(ok(stoppedStatus(1_000)))
    expect(app.now()).toMatchObject({ isLive: true, status: { phase: 'stopped' } })
    app.emit('status', status(2))
    expect(app.now().status?.revision).toBe(2)
  })

  it('does not go back to an older snapshot within a connection', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.emit('status', status(5))
    await app.lastCall('status.get').answer(ok(status(4)))
    expect(app.now().status?.revision).toBe(5)
  })

  it('keeps what it knew while away, marks it, and believes a restarted host that counts from one', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.emit('status', status(50))
    app.connect(AWAY)
    expect(app.now()).toMatchObject({ isLive: false, status: { revision: 50 } })
    app.connect(OPEN)
    expect(app.now().isLive).toBe(false)
    await app.lastCall('status.get').answer(ok(status(1)))
    expect(app.now()).toMatchObject({ isLive: true, status: { revision: 1 } })
  })

  it('ignores an answer that belongs to a connection that is gone', async () => {
    const app = setUp()
    app.connect(OPEN)
    const old = app.lastCall('status.get')
    app.connect(AWAY)
    await old.answer(ok(status(9)))
    expect(app.now()).toMatchObject({ isLive: false, status: null })
  })

  it('asks again when the host is not ready', async () => {
    const app = setUp()
    app.connect(OPEN)
    await app.lastCall('status.get').answer(refused)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(app.calls.filter(({ method }) => method === 'status.get')).toHaveLength(2)
    app.store.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('drops a snapshot that breaks the contract, and says so', () => {
    const app = setUp()
    app.connect(OPEN)
    app.emit('status', { ...status(3), shape: 'sparkling' })
    expect(app.now()).toMatchObject({ status: null, isLive: false, isMisfit: true })
  })
})

describe('start and stop', () => {
  it('are pending until answered, one at a time, and never guess the result', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.emit('status', { ...stoppedStatus(1_000), revision: 1 })
    void app.store.actions.start()
    void app.store.actions.stop()
    expect(app.now()).toMatchObject({ pending: 'start', status: { phase: 'stopped' } })
    expect(app.calls.filter(({ method }) => method.startsWith('node.'))).toHaveLength(1)
    await app.lastCall('node.start').answer(ok({}))
    expect(app.now()).toMatchObject({ pending: null, failure: null, status: { phase: 'stopped' } })
  })

  it('keep the reason of a refusal until it is read', async () => {
    const app = setUp()
    void app.store.actions.stop()
    await app.lastCall('node.stop').answer(refused)
    expect(app.now()).toMatchObject({ pending: null, failure: { code: 'CHAIN_INCOMPLETE' } })
    app.store.actions.dismissFailure()
    expect(app.now().failure).toBeNull()
  })
})

describe('generation', () => {
  async function begin() {
    const app = setUp()
    app.connect(OPEN)
    void app.store.actions.generate('Once', 8)
    return app
  }

  it('gathers its own text, in order, and ends with figures', async () => {
    const app = await begin()
    expect(app.now().generation).toMatchObject({ state: 'starting', prompt: 'Once' })
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    app.emit('generate.token', { generationId: 'g1', text: ' upon' })
    app.emit('generate.token', { generationId: 'g2', text: ' somebody else' })
    app.emit('generate.token', { generationId: 'g1', text: ' a' })
    app.emit('generate.end', end())
    app.emit('generate.token', { generationId: 'g1', text: ' too late' })
    expect(app.now().generation).toMatchObject({ state: 'done', text: ' upon a', end: { tokensPerSecond: 9 } })
  })

  it('loses nothing that overtakes the reply', async () => {
    const app = await begin()
    app.emit('generate.token', { generationId: 'g2', text: ' somebody else' })
    app.emit('generate.token', { generationId: 'g1', text: ' upon' })
    app.emit('generate.end', end())
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    expect(app.now().generation).toMatchObject({ state: 'done', text: ' upon' })
  })

  it('is stopped by the operator only when the operator asked', async () => {
    const cancelled = { code: 'CANCELLED', cause: 'The work was cancelled', action: '' }
    const app = await begin()
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    void app.store.actions.cancelGeneration()
    expect(app.lastCall('generate.cancel').input).toEqual({ generationId: 'g1' })
    expect(app.now().generation?.state).toBe('stopping')
    app.emit('generate.end', end(cancelled))
    expect(app.now().generation?.state).toBe('stopped')

    const other = await begin()
    await other.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    other.emit('generate.end', end(cancelled))
    expect(other.now().generation).toMatchObject({ state: 'failed', failure: { code: 'CANCELLED' } })
  })

  it('fails with the reason of the node, and when the connection goes', async () => {
    const app = await begin()
    await app.lastCall('generate.start').answer(refused)
    expect(app.now().generation).toMatchObject({ state: 'failed', failure: { code: 'CHAIN_INCOMPLETE' } })

    const other = await begin()
    await other.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    other.emit('generate.token', { generationId: 'g1', text: ' upon' })
    other.connect(AWAY)
    expect(other.now().generation).toMatchObject({
      state: 'failed',
      text: ' upon',
      failure: { code: 'BRIDGE_DISCONNECTED' },
    })
  })

  it('is one at a time', async () => {
    const app = await begin()
    void app.store.actions.generate('Twice', 8)
    expect(app.calls.filter(({ method }) => method === 'generate.start')).toHaveLength(1)
  })
})

it('leaves no listener behind', () => {
  const app = setUp()
  app.store.dispose()
  expect(app.listenerCount()).toBe(0)
})
