import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { AWAY, createPlayedTransport, OPEN, ok, READ_ONLY, REFUSED } from '../testing/played-transport'
import { createAppStores } from './app-stores'
import { FRAME_INTERVAL_MS } from './frames'

function setUp() {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  return Object.assign(transport, {
    stores,
    now: () => stores.node.state.getState(),
    tell: (...said: Parameters<typeof transport.emit>) => {
      transport.emit(...said)
      vi.advanceTimersByTime(FRAME_INTERVAL_MS)
    },
  })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const status = (revision: number) => ({ ...servingStatus(1_000), revision })

describe('status', () => {
  it('asks for a snapshot when connected, and takes what is pushed', async () => {
    const app = setUp()
    expect(app.calls).toHaveLength(0)
    app.connect(OPEN)
    await app.lastCall('status.get').answer(ok(stoppedStatus(1_000)))
    expect(app.now()).toMatchObject({ isLive: true, status: { phase: 'stopped' } })
    app.tell('status', status(2))
    expect(app.now().status?.revision).toBe(2)
  })

  it('does not go back to an older snapshot within a connection', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.tell('status', status(5))
    await app.lastCall('status.get').answer(ok(status(4)))
    expect(app.now().status?.revision).toBe(5)
  })

  it('keeps what it knew while away, marks it, and believes a restarted host that counts from one', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.tell('status', status(50))
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

  it('who may only look may do no more while the connection is away', () => {
    const app = setUp()
    const may = () => app.now().mayOperate
    expect(may()).toBe(false)
    app.connect(READ_ONLY)
    app.connect(AWAY)
    expect(may()).toBe(false)
    app.connect(OPEN)
    app.connect(AWAY)
    expect(may()).toBe(true)
  })

  it('asks again when the host is not ready', async () => {
    const app = setUp()
    app.connect(OPEN)
    await app.lastCall('status.get').answer(REFUSED)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(app.calls.filter(({ method }) => method === 'status.get')).toHaveLength(2)
    app.stores.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('drops a snapshot that breaks the contract, and says so', () => {
    const app = setUp()
    app.connect(OPEN)
    app.tell('status', { ...status(3), shape: 'sparkling' })
    expect(app.now()).toMatchObject({ status: null, isLive: false, isMisfit: true })
  })
})

describe('start and stop', () => {
  it('are pending until answered, one at a time, and never guess the result', async () => {
    const app = setUp()
    app.connect(OPEN)
    app.tell('status', { ...stoppedStatus(1_000), revision: 1 })
    void app.stores.node.command('start')
    void app.stores.node.command('stop')
    expect(app.now()).toMatchObject({ pending: 'start', status: { phase: 'stopped' } })
    expect(app.calls.filter(({ method }) => method.startsWith('node.'))).toHaveLength(1)
    await app.lastCall('node.start').answer(ok({}))
    expect(app.now()).toMatchObject({ pending: null, failure: null, status: { phase: 'stopped' } })
  })

  it('keep the reason of a refusal until it is read', async () => {
    const app = setUp()
    void app.stores.node.command('stop')
    await app.lastCall('node.stop').answer(REFUSED)
    expect(app.now()).toMatchObject({ pending: null, failure: { code: 'CHAIN_INCOMPLETE' } })
    app.stores.node.dismissFailure()
    expect(app.now().failure).toBeNull()
  })
})

it('leaves no listener behind', () => {
  const app = setUp()
  app.stores.dispose()
  expect(app.listenerCount).toBe(0)
})
