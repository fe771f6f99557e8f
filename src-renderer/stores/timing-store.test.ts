import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { TIMING } from '../../e2e/support/computer-fixtures'
import { createBridgeClient } from '../bridge-client'
import { createPlayedTransport, OPEN, ok } from '../testing/played-transport'
import { createTimingStore } from './timing-store'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const CANCELLED = { ok: false, error: { code: 'CANCELLED', cause: 'The work was cancelled', action: '' } } as const

it('a later run has the word: what an earlier one still brings changes nothing', async () => {
  const transport = createPlayedTransport()
  const store = createTimingStore(createBridgeClient(transport))
  transport.connect(OPEN)
  const first = store.run()
  const earlier = transport.lastCall('computer.time')
  const second = store.run()
  await earlier.answer(CANCELLED)
  await first
  expect(store.state.getState()).toMatchObject({ isRunning: true, failure: null })
  await transport.lastCall('computer.time').answer(ok(TIMING))
  await second
  expect(store.state.getState()).toEqual({ timing: TIMING, isRunning: false, failure: null })
})

it('a run ends with its connection, and one that is stopped says so', async () => {
  const transport = createPlayedTransport()
  const store = createTimingStore(createBridgeClient(transport))
  transport.connect(OPEN)
  const run = store.run()
  store.stop()
  expect(transport.lastCall('computer.stopTiming')).toBeTruthy()
  await transport.lastCall('computer.time').answer(CANCELLED)
  await run
  expect(store.state.getState()).toMatchObject({ isRunning: false, failure: { code: 'CANCELLED' } })
  void store.run()
  transport.connect({ state: 'connecting' })
  expect(store.state.getState().isRunning).toBe(false)
})
