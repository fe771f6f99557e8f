import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { createAppViewStore } from './app-view-store'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('does one thing of the app at a time, and says why it was refused', async () => {
  const transport = createPlayedTransport()
  const store = createAppViewStore(createBridgeClient(transport), systemClock)
  transport.connect(OPEN)
  const first = store.update()
  expect(await store.update()).toBe(false)
  expect(await store.answerInvite(true)).toBe(false)
  expect([transport.countOf('app.update'), transport.countOf('app.answerInvite')]).toEqual([1, 0])
  await transport.lastCall('app.update').answer(REFUSED)
  expect(await first).toBe(false)
  expect(store.state.getState()).toMatchObject({ busy: null, failure: { code: 'CHAIN_INCOMPLETE' } })
  const again = store.update()
  expect(store.state.getState()).toMatchObject({ busy: 'update', failure: null })
  await transport.lastCall('app.update').answer(ok({}))
  await again
  expect(store.state.getState().busy).toBeNull()
  store.dispose()
})
