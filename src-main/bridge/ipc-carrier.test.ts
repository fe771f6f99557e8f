import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import { MAX_MESSAGE_BYTES, METHOD_NAMES, type Reply } from '../../src-shared/contract-names'
import { IPC_CALL_CHANNEL, IPC_EVENT_CHANNEL } from '../../src-shared/ipc-envelope'
import { startIpcCarrier } from './ipc-carrier'
import { type BridgeServer, createBridgeServer } from './server'

type Handler = (event: never, ...args: unknown[]) => Promise<string>
let server: BridgeServer
let handler: Handler | undefined
let isTrusted: boolean
let page: { send: Mock<(channel: string, ...args: unknown[]) => void>; isDestroyed: () => boolean } | null
let stop: () => void
const handlers = Object.fromEntries(METHOD_NAMES.map((name) => [name, vi.fn(() => ({}))])) as unknown as MethodHandlers

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  isTrusted = true
  page = { send: vi.fn(), isDestroyed: () => false }
  server = createBridgeServer({ handlers, clock: systemClock, log: () => undefined })
  stop = startIpcCarrier({
    server,
    ipcMain: {
      handle: (channel, listener) => {
        if (channel === IPC_CALL_CHANNEL) handler = listener as Handler
      },
      removeHandler: (channel) => {
        if (channel === IPC_CALL_CHANNEL) handler = undefined
      },
    },
    isTrusted: () => isTrusted,
    contents: () => page,
    log: () => undefined,
  })
})
afterEach(() => {
  server.dispose()
  vi.useRealTimers()
})

async function send(message: unknown, ...more: unknown[]): Promise<Reply> {
  if (!handler) throw new Error('no handler')
  return JSON.parse(await handler({} as never, message, ...more)) as Reply
}
const call = (method: string, input: unknown = {}) => JSON.stringify({ method, input })

describe('calls', () => {
  it('go to the handler of their method and come back as a reply', async () => {
    expect(await send(call('node.start'))).toEqual({ ok: true, value: {} })
    expect(handlers['node.start']).toHaveBeenCalledWith({})
  })

  it('of a stranger are refused unread and counted', async () => {
    isTrusted = false
    expect(await send(call('node.start'))).toMatchObject({ ok: false, error: { code: 'BRIDGE_FORBIDDEN' } })
    expect(server.refused.forbidden).toBe(1)
    expect(handlers['node.start']).not.toHaveBeenCalled()
  })

  it.each([
    ['an object', { method: 'node.start', input: {} }],
    ['bytes', new Uint8Array(8)],
    ['nothing', undefined],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a number as method', '{"method":1}'],
    ['more fields than there are', '{"method":"node.start","input":{},"scopes":["operate"]}'],
  ])('that are %s are malformed, and counted', async (_name, message) => {
    expect(await send(message)).toMatchObject({ ok: false, error: { code: 'BRIDGE_BAD_INPUT' } })
    expect(server.refused.malformed).toBe(1)
  })

  it('have one argument', async () => {
    expect(await send(call('node.start'), 'more')).toMatchObject({ ok: false })
    expect(server.refused.malformed).toBe(1)
  })

  it('too long in bytes are refused before they are read', async () => {
    const parse = vi.spyOn(JSON, 'parse')
    const text = call('node.start', 'é'.repeat(MAX_MESSAGE_BYTES / 2))
    expect(text.length).toBeLessThan(MAX_MESSAGE_BYTES)
    const reply = await handler?.({} as never, text)
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
    expect(reply).toContain('BRIDGE_BAD_INPUT')
    expect(server.refused.oversize).toBe(1)
  })

  it('beyond sixteen at a time wait outside', async () => {
    const gate = Promise.withResolvers<Record<string, never>>()
    vi.mocked(handlers['node.start']).mockReturnValue(gate.promise)
    const waiting = Array.from({ length: 16 }, () => send(call('node.start')))
    expect(await send(call('node.start'))).toMatchObject({ ok: false, error: { code: 'BRIDGE_BUSY' } })
    expect(server.refused.busy).toBe(1)
    gate.resolve({})
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ ok: true, value: {} })))
    expect(await send(call('node.start'))).toMatchObject({ ok: true })
  })

  it('whose answer is too long get a refusal in its place', async () => {
    const line = { seq: 1, at: 1, level: 'info' as const, code: 'x', message: 'y'.repeat(1_000) }
    vi.mocked(handlers['logs.recent']).mockReturnValue(Array.from({ length: 400 }, () => line))
    expect(await send(call('logs.recent', { limit: 400 }))).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(server.refused.oversize).toBe(1)
  })
})

describe('events', () => {
  const token = { generationId: 'g1', text: 'leaf' }

  it('reach the page as text', () => {
    server.emit('generate.token', token)
    vi.advanceTimersByTime(200)
    expect(page?.send.mock.calls).toEqual([
      [IPC_EVENT_CHANNEL, JSON.stringify({ event: 'generate.token', payload: token })],
    ])
  })

  it('reach nobody without a window, or after it has gone', () => {
    const gone = page
    if (gone) gone.isDestroyed = () => true
    server.emit('generate.token', token)
    vi.advanceTimersByTime(200)
    page = null
    server.emit('generate.token', token)
    vi.advanceTimersByTime(200)
    expect(gone?.send).not.toHaveBeenCalled()
  })

  it('and calls end with the carrier', () => {
    stop()
    expect(handler).toBeUndefined()
    server.emit('generate.token', token)
    vi.advanceTimersByTime(200)
    expect(page?.send).not.toHaveBeenCalled()
  })
})
