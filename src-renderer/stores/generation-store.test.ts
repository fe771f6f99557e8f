import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { AWAY, createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { createAppStores } from './app-stores'
import { FRAME_INTERVAL_MS } from './frames'

function setUp() {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  return Object.assign(transport, {
    stores,
    now: () => stores.generation.state.getState(),
    tell: (...said: Parameters<typeof transport.emit>) => {
      transport.emit(...said)
      vi.advanceTimersByTime(FRAME_INTERVAL_MS)
    },
  })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const end = (error: unknown = null) => ({ generationId: 'g1', error, tokens: 2, tokensPerSecond: 9, hops: [] })

describe('generation', () => {
  async function begin() {
    const app = setUp()
    app.connect(OPEN)
    void app.stores.generation.generate({ prompt: 'Once', maxTokens: 8 })
    return app
  }

  it('gathers its own text, in order, and ends with figures', async () => {
    const app = await begin()
    expect(app.now().generation).toMatchObject({ state: 'starting', prompt: 'Once' })
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    app.tell('generate.token', { generationId: 'g1', text: ' upon' })
    app.tell('generate.token', { generationId: 'g2', text: ' somebody else' })
    app.tell('generate.token', { generationId: 'g1', text: ' a' })
    app.tell('generate.end', end())
    app.tell('generate.token', { generationId: 'g1', text: ' too late' })
    expect(app.now().generation).toMatchObject({ state: 'done', text: ' upon a', end: { tokensPerSecond: 9 } })
  })

  it('D-T28: knows the last change of its route, and of no other answer’s', async () => {
    const app = await begin()
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    const left = { peerId: 'x', blocks: { start: 0, end: 4 }, code: 'STAGE_LOST', replacements: [], token: 3 }
    app.tell('generate.route', { generationId: 'g2', ...left })
    expect(app.now().generation?.change).toBeNull()
    app.tell('generate.route', { generationId: 'g1', ...left })
    app.tell('generate.route', { generationId: 'g1', ...left, replacements: ['y'] })
    expect(app.now().generation?.change).toMatchObject({ replacements: ['y'], token: 3 })
    app.tell('generate.end', end())
    expect(app.now().generation).toMatchObject({ state: 'done' })
  })

  it('loses nothing that overtakes the reply', async () => {
    const app = await begin()
    app.tell('generate.token', { generationId: 'g2', text: ' somebody else' })
    app.tell('generate.token', { generationId: 'g1', text: ' upon' })
    app.tell('generate.end', end())
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    expect(app.now().generation).toMatchObject({ state: 'done', text: ' upon' })
  })

  it('is stopped by the operator only when the operator asked', async () => {
    const cancelled = { code: 'CANCELLED', cause: 'The work was cancelled', action: '' }
    const app = await begin()
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    void app.stores.generation.cancel()
    expect(app.lastCall('generate.cancel').input).toEqual({ generationId: 'g1' })
    expect(app.now().generation?.state).toBe('stopping')
    app.tell('generate.end', end(cancelled))
    expect(app.now().generation?.state).toBe('stopped')

    const other = await begin()
    await other.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    other.tell('generate.end', end(cancelled))
    expect(other.now().generation).toMatchObject({ state: 'failed', failure: { code: 'CANCELLED' } })
  })

  it('an answer that has ended meanwhile is no failure because it could not be stopped', async () => {
    const app = await begin()
    await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    void app.stores.generation.cancel()
    app.tell('generate.end', end())
    const { state } = app.now().generation ?? {}
    await app.lastCall('generate.cancel').answer(REFUSED)
    expect(app.now().generation).toMatchObject({ state, failure: null })
    expect(state).not.toBe('failed')
  })

  it('fails with the reason of the node, and when the connection goes', async () => {
    const app = await begin()
    await app.lastCall('generate.start').answer(REFUSED)
    expect(app.now().generation).toMatchObject({ state: 'failed', failure: { code: 'CHAIN_INCOMPLETE' } })

    const other = await begin()
    await other.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
    other.tell('generate.token', { generationId: 'g1', text: ' upon' })
    other.connect(AWAY)
    expect(other.now().generation).toMatchObject({
      state: 'failed',
      text: ' upon',
      failure: { code: 'BRIDGE_DISCONNECTED' },
    })
  })

  it('is one at a time', async () => {
    const app = await begin()
    void app.stores.generation.generate({ prompt: 'Twice', maxTokens: 8 })
    expect(app.calls.filter(({ method }) => method === 'generate.start')).toHaveLength(1)
  })

  it('a chat goes on from what was said; a text does not, and neither does an answer that never came', async () => {
    const app = setUp()
    app.connect(OPEN)
    const say = async (prompt: string, answer: string | null, mode: 'chat' | 'text' = 'chat') => {
      app.stores.generation.write({ prompt })
      void app.stores.generation.generate({ prompt, maxTokens: 8, mode })
      if (answer === null) return app.lastCall('generate.start').answer(REFUSED)
      await app.lastCall('generate.start').answer(ok({ generationId: 'g1' }))
      app.tell('generate.token', { generationId: 'g1', text: answer })
      app.tell('generate.end', end())
    }
    const asked = () => (app.lastCall('generate.start').input as { prompt: unknown }).prompt
    await say('Hello', 'Good day')
    expect(asked()).toEqual([{ role: 'user', text: 'Hello' }])
    expect(app.now().draft.prompt).toBe('')
    await say('and', null)
    await say('Who?', 'Nobody')
    expect(asked()).toEqual([
      { role: 'user', text: 'Hello' },
      { role: 'assistant', text: 'Good day' },
      { role: 'user', text: 'Who?' },
    ])
    expect(app.now().talk.map(({ text }) => text)).toEqual(['Good day'])
    await say('Once', ' upon', 'text')
    expect([asked(), app.now().talk, app.now().draft.prompt]).toEqual(['Once', [], 'Once'])
    await say('Hello', 'Good day')
    app.stores.generation.forget()
    await say('Again', 'Yes')
    expect(asked()).toEqual([{ role: 'user', text: 'Again' }])
  })
})
