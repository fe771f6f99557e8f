import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import { METHODS, type MethodHandlers } from '../../src-shared/contract'
import { METHOD_NAMES, type Scope } from '../../src-shared/contract-names'
import { EspalierError } from '../../src-shared/errors'
import { createBridgeServer } from './server'
import { stillHandlers } from './testing/still-handlers'

const ALL: ReadonlySet<Scope> = new Set(['read', 'operate'])
const READ: ReadonlySet<Scope> = new Set(['read'])

function setUp(overrides: Partial<MethodHandlers> = {}) {
  const log = vi.fn()
  const handlers: MethodHandlers = {
    ...stillHandlers(),
    'node.start': vi.fn(() => ({})),
    ...overrides,
  }
  return { server: createBridgeServer({ handlers, log, clock: systemClock }), handlers, log }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('dispatch', () => {
  it('answers with the value of the handler', async () => {
    const { server } = setUp()
    expect(await server.dispatch('status.get', {}, READ)).toEqual({ ok: true, value: stoppedStatus(1_000) })
  })

  it.each([['no.such'], ['constructor'], ['__proto__'], [7], [null], [undefined]])(
    'refuses the method %s',
    async (method) => {
      const { server } = setUp()
      const reply = await server.dispatch(method, {}, ALL)
      expect(reply).toMatchObject({ ok: false, error: { code: 'BRIDGE_UNKNOWN_METHOD' } })
      expect(server.refused['unknown-method']).toBe(1)
    },
  )

  it.each([
    ['node.start', null],
    ['node.start', { extra: 1 }],
    ['generate.start', { prompt: '', maxTokens: 8 }],
    ['generate.start', { prompt: 'x', maxTokens: 8.5 }],
    ['generate.start', { prompt: 'x'.repeat(32_769), maxTokens: 8 }],
    ['generate.start', { prompt: 'x', maxTokens: 100_000 }],
    ['generate.cancel', { generationId: '' }],
  ])('C-03: refuses bad input for %s without calling it', async (method, input) => {
    const { server, handlers } = setUp()
    const reply = await server.dispatch(method, input, ALL)
    expect(reply).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    expect(handlers['node.start']).not.toHaveBeenCalled()
    expect(server.refused['bad-input']).toBe(1)
  })

  it('never repeats an input in its refusal', async () => {
    const { server } = setUp()
    const reply = await server.dispatch('generate.start', { prompt: 42, maxTokens: 'hunter2' }, ALL)
    expect(JSON.stringify(reply)).not.toContain('hunter2')
  })

  it('refuses every operating method to a read-only caller', async () => {
    for (const method of METHOD_NAMES.filter((name) => METHODS[name].scope === 'operate')) {
      const { server } = setUp()
      const reply = await server.dispatch(method, {}, READ)
      expect(reply).toMatchObject({ ok: false, error: { code: 'BRIDGE_FORBIDDEN' } })
      expect(server.refused.forbidden).toBe(1)
    }
  })

  it('carries our errors with code, cause and action', async () => {
    const { server } = setUp({
      'generate.start': () => {
        throw new EspalierError('CHAIN_INCOMPLETE', 'blocks 4–7')
      },
    })
    const reply = await server.dispatch('generate.start', { prompt: 'x', maxTokens: 1 }, ALL)
    expect(reply).toEqual({
      ok: false,
      error: {
        code: 'CHAIN_INCOMPLETE',
        cause: 'Some blocks of the model are served by nobody: blocks 4–7',
        action: 'Wait for a node that serves them.',
      },
    })
  })

  it('carries a foreign error as INTERNAL and never a stack', async () => {
    const { server, log } = setUp({ 'node.stop': () => Promise.reject(new TypeError('boom')) })
    const reply = await server.dispatch('node.stop', {}, ALL)
    expect(reply).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(JSON.stringify(reply)).not.toMatch(/at .*server\.test|\.ts:/)
    expect(log).toHaveBeenCalledWith('error', expect.any(String), expect.objectContaining({ method: 'node.stop' }))
  })

  it('C-03: does not pass on an answer that breaks the contract', async () => {
    const { server } = setUp({ 'status.get': () => ({ ...stoppedStatus(1), loadLevel: 'L9' }) as never })
    expect(await server.dispatch('status.get', {}, ALL)).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(server.refused['bad-output']).toBe(1)
  })
})

describe('emit', () => {
  it('conflates statuses: the first at once, then only the newest', () => {
    const { server } = setUp()
    const revisions: number[] = []
    server.addSink((_event, payload) => revisions.push((payload as { revision: number }).revision))
    for (let revision = 1; revision <= 50; revision += 1) server.emit('status', { ...servingStatus(1), revision })
    expect(revisions).toEqual([1])
    vi.advanceTimersByTime(100)
    expect(revisions).toEqual([1, 50])
  })

  it('sends the end of an answer after all of its text', () => {
    const { server } = setUp()
    const seen: unknown[] = []
    server.addSink((event, payload) => seen.push([event, (payload as { text?: string }).text]))
    for (const text of ['a', 'b', 'c']) server.emit('generate.token', { generationId: 'g1', text })
    server.emit('generate.end', { generationId: 'g1', error: null, tokens: 3, tokensPerSecond: 2, hops: [] })
    expect(seen).toEqual([
      ['generate.token', 'a'],
      ['generate.token', 'bc'],
      ['generate.end', undefined],
    ])
  })

  it('does not let other topics hurry the text along', () => {
    const { server } = setUp()
    const seen: string[] = []
    server.addSink((event) => seen.push(event))
    for (let line = 0; line < 3; line += 1) {
      server.emit('generate.token', { generationId: 'g1', text: 'a' })
      server.emit('log', { lines: [] })
    }
    expect(seen.filter((event) => event === 'generate.token')).toHaveLength(1)
  })

  it('drops and counts an event that breaks the contract', () => {
    const { server, log } = setUp()
    const sink = vi.fn()
    server.addSink(sink)
    server.emit('status', { revision: 1 } as never)
    expect(sink).not.toHaveBeenCalled()
    expect(server.refused['bad-output']).toBe(1)
    expect(log).toHaveBeenCalledWith('error', expect.any(String), expect.objectContaining({ event: 'status' }))
  })

  it('reaches the other sinks when one fails, and no sink that was removed', () => {
    const { server } = setUp()
    const good = vi.fn()
    const removed = vi.fn()
    server.addSink(() => {
      throw new Error('carrier gone')
    })
    server.addSink(good)
    server.addSink(removed)()
    server.emit('status', servingStatus(1))
    expect(good).toHaveBeenCalledTimes(1)
    expect(removed).not.toHaveBeenCalled()
  })

  it('delivers what it holds back when it is disposed', () => {
    const { server } = setUp()
    const sink = vi.fn()
    server.addSink(sink)
    server.emit('status', servingStatus(1))
    server.emit('status', stoppedStatus(2))
    server.dispose()
    expect(sink).toHaveBeenLastCalledWith('status', expect.objectContaining({ phase: 'stopped' }))
    expect(vi.getTimerCount()).toBe(0)
  })
})
