import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchingStatus, servingStatus } from '../../e2e/support/status-fixtures'
import { checksOf, linesOf, PREVIEW, SETTINGS, SHARDS } from '../../e2e/support/view-fixtures'
import type { LogLine } from '../../src-shared/app-views'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { AWAY, createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { createAppStores } from './app-stores'
import { FRAME_INTERVAL_MS } from './frames'
import { mergeLines } from './log-store'

function setUp() {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  transport.connect(OPEN)
  return Object.assign(transport, { stores })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('settings', () => {
  it('are read when connected, again on the next connection, and taken from events', async () => {
    const app = setUp()
    const now = () => app.stores.settings.state.getState()
    await app.lastCall('settings.get').answer(ok(SETTINGS))
    expect(now().settings?.publicName).toBe('attic-pc')
    app.emit('settings', { ...SETTINGS, publicName: 'cellar-pc' })
    expect(now().settings?.publicName).toBe('cellar-pc')
    app.connect(AWAY)
    app.connect(OPEN)
    expect(app.countOf('settings.get')).toBe(2)
  })

  it('are asked for again when the host is not ready, and say why meanwhile', async () => {
    const app = setUp()
    await app.lastCall('settings.get').answer(REFUSED)
    expect(app.stores.settings.state.getState().loadFailure).toMatchObject({ code: 'CHAIN_INCOMPLETE' })
    await vi.advanceTimersByTimeAsync(2_000)
    await app.lastCall('settings.get').answer(ok(SETTINGS))
    expect(app.stores.settings.state.getState()).toMatchObject({ loadFailure: null, settings: SETTINGS })
  })

  it('keep the old value and the reason when a save is refused', async () => {
    const app = setUp()
    await app.lastCall('settings.get').answer(ok(SETTINGS))
    const saved = app.stores.settings.save({ publicName: 'other' })
    expect(app.stores.settings.state.getState().busy).toBe('save')
    await app.lastCall('settings.save').answer(REFUSED)
    expect(await saved).toBe(false)
    expect(app.stores.settings.state.getState()).toMatchObject({
      busy: null,
      settings: SETTINGS,
      failure: { code: 'CHAIN_INCOMPLETE' },
    })
  })

  it('show the preview of the address that was asked last, whatever comes first', async () => {
    const app = setUp()
    const { settings } = app.stores
    void settings.look('https://first.example')
    const first = app.lastCall('network.preview')
    void settings.look('https://second.example')
    await app.lastCall('network.preview').answer(ok(PREVIEW))
    await first.answer(REFUSED)
    expect(settings.state.getState().preview).toMatchObject({ state: 'seen', url: 'https://second.example' })
    settings.forgetPreview()
    expect(settings.state.getState().preview.state).toBe('none')
  })
})

describe('shards', () => {
  it('are asked for while somebody looks, and only when the node says that they changed', async () => {
    const app = setUp()
    expect(app.countOf('shards.get')).toBe(0)
    app.emit('status', fetchingStatus(1_000))
    const stop = app.stores.shards.watch()
    expect(app.countOf('shards.get')).toBe(1)
    await app.lastCall('shards.get').answer(ok(null))
    expect(app.stores.shards.state.getState().view).toBeNull()

    vi.advanceTimersByTime(FRAME_INTERVAL_MS)
    app.emit('status', { ...fetchingStatus(2_000), revision: 2 })
    expect(app.countOf('shards.get')).toBe(1)
    vi.advanceTimersByTime(FRAME_INTERVAL_MS)
    app.emit('status', { ...servingStatus(3_000), revision: 3 })
    expect(app.countOf('shards.get')).toBe(2)
    await app.lastCall('shards.get').answer(ok(SHARDS))
    expect(app.stores.shards.state.getState().view).toEqual(SHARDS)

    stop()
    vi.advanceTimersByTime(FRAME_INTERVAL_MS)
    app.emit('status', { ...fetchingStatus(4_000), revision: 4 })
    expect(app.countOf('shards.get')).toBe(2)
  })

  it('do not poll after a refusal', async () => {
    const app = setUp()
    app.stores.shards.watch()
    await app.lastCall('shards.get').answer(REFUSED)
    vi.advanceTimersByTime(60_000)
    expect(app.countOf('shards.get')).toBe(1)
    expect(app.stores.shards.state.getState().failure).toMatchObject({ code: 'CHAIN_INCOMPLETE' })
  })
})

describe('diagnostics', () => {
  it('run once at a time, and keep the old verdicts while the next are on their way', async () => {
    const app = setUp()
    const { diagnostics } = app.stores
    void diagnostics.run()
    void diagnostics.run()
    expect(app.countOf('diagnostics.run')).toBe(1)
    await app.lastCall('diagnostics.run').answer(ok(checksOf(1_000)))
    expect(diagnostics.state.getState()).toMatchObject({ isRunning: false, checks: { length: 19 } })
    void diagnostics.run()
    expect(diagnostics.state.getState()).toMatchObject({ isRunning: true, checks: { length: 19 } })
    await app.lastCall('diagnostics.run').answer(REFUSED)
    expect(diagnostics.state.getState()).toMatchObject({ isRunning: false, failure: { code: 'CHAIN_INCOMPLETE' } })
  })
})

describe('log', () => {
  const line = (seq: number, at = seq): LogLine => ({ seq, at, level: 'info', code: 'c', message: 'm' })
  const numbers = (lines: readonly LogLine[]) => lines.map(({ seq }) => seq)

  it('joins what came before with what comes, each line once and in order', async () => {
    const app = setUp()
    app.stores.log.load()
    app.emit('log', { lines: [line(5), line(6)] })
    await app.lastCall('logs.recent').answer(ok([line(3), line(4), line(5)]))
    expect(numbers(app.stores.log.state.getState().lines)).toEqual([3, 4, 5, 6])
    expect(app.stores.log.state.getState().isLoaded).toBe(true)
  })

  it('fills the gap after a lost connection', async () => {
    const app = setUp()
    app.stores.log.load()
    await app.lastCall('logs.recent').answer(ok([line(1)]))
    app.connect(AWAY)
    app.connect(OPEN)
    await app.lastCall('logs.recent').answer(ok([line(1), line(2), line(3)]))
    expect(numbers(app.stores.log.state.getState().lines)).toEqual([1, 2, 3])
  })

  it('forgets the old run when the host started anew', () => {
    expect(numbers(mergeLines([line(50, 1_000)], [line(1, 2_000), line(2, 2_001)], 10))).toEqual([1, 2])
  })

  it('keeps a bounded number of lines', () => {
    expect(numbers(mergeLines(linesOf(0, 8), linesOf(0, 8, 9), 10))).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
    expect(mergeLines([line(1)], [], 10)).toHaveLength(1)
  })
})
