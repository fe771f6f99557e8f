import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { diskOf } from '../../e2e/support/file-fixtures'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { AWAY, createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { createAskedStore } from './asked-store'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setUp() {
  const transport = createPlayedTransport()
  const store = createAskedStore(createBridgeClient(transport), systemClock, 'disk.get', {})
  transport.connect(OPEN)
  return { transport, store, now: () => store.state.getState() }
}

it('asks when told to, and says why it got no answer', async () => {
  const { transport, store, now } = setUp()
  expect(transport.countOf('disk.get')).toBe(0)
  store.ask()
  expect(now()).toEqual({ value: undefined, isAsking: true, failure: null })
  await transport.lastCall('disk.get').answer(ok(diskOf(1_000)))
  expect(now()).toEqual({ value: diskOf(1_000), isAsking: false, failure: null })
  store.ask()
  await transport.lastCall('disk.get').answer(REFUSED)
  expect(now()).toMatchObject({ value: diskOf(1_000), isAsking: false, failure: { code: 'CHAIN_INCOMPLETE' } })
})

it('takes what a change answers, and keeps the old value when it is refused', async () => {
  const { transport, store, now } = setUp()
  const first = store.change((client) => client.call('disk.free', { ids: ['a'] }))
  expect(now().isAsking).toBe(true)
  expect(transport.lastCall('disk.free').input).toEqual({ ids: ['a'] })
  await transport.lastCall('disk.free').answer(ok(diskOf(2_000)))
  expect(await first).toBe(true)
  const second = store.change((client) => client.call('disk.free', { ids: ['b'] }))
  await transport.lastCall('disk.free').answer(REFUSED)
  expect(await second).toBe(false)
  expect(now()).toMatchObject({ value: diskOf(2_000), isAsking: false, failure: { code: 'CHAIN_INCOMPLETE' } })
})

it('hears nothing of a question whose connection is gone, not even that it was refused', async () => {
  const { transport, store, now } = setUp()
  store.ask()
  const old = transport.lastCall('disk.get')
  transport.connect(AWAY)
  transport.connect(OPEN)
  await old.answer(REFUSED)
  expect(now().failure).toBeNull()
  await transport.lastCall('disk.get').answer(ok(diskOf(1_000)))
  expect(now()).toEqual({ value: diskOf(1_000), isAsking: false, failure: null })
})

it('changes nothing any more once it is disposed', async () => {
  const { transport, store, now } = setUp()
  store.ask()
  store.dispose()
  await transport.lastCall('disk.get').answer(ok(diskOf(1_000)))
  expect(now().value).toBeUndefined()
  transport.connect(OPEN)
  expect(transport.countOf('disk.get')).toBe(1)
  expect(transport.listenerCount).toBe(0)
})
