import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { BEAT_INTERVAL_MS, CLOSE_CODES } from '../../src-shared/web-envelope'
import { takeSessionToken } from './session-token'
import { createWebSocketTransport } from './web-socket-transport'

class FakeSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  readonly sent: { id: number; method: string; input: unknown }[] = []
  isClosed = false
  constructor(readonly protocols: string[]) {}
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.lose(1005)
  }
  receive(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) })
  }
  lose(code = 1006): void {
    if (this.isClosed) return
    this.isClosed = true
    this.onclose?.({ code })
  }
}

const sockets: FakeSocket[] = []
const last = () => sockets.at(-1)!

function setUp(token = 'secret') {
  return createWebSocketTransport({
    url: 'ws://127.0.0.1:1/bridge',
    token,
    clock: systemClock,
    openSocket: (_url, protocols) => {
      const socket = new FakeSocket(protocols)
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
  })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  sockets.length = 0
  vi.useRealTimers()
})

describe('connection', () => {
  it('offers the token as a protocol and is open only when the server says what it may do', () => {
    const transport = setUp()
    expect(last().protocols).toEqual(['espalier.v1', 'token.secret'])
    expect(transport.connection).toEqual({ state: 'connecting' })
    last().receive({ scopes: ['read', 'operate'] })
    expect(transport.connection).toEqual({ state: 'open', scopes: ['read', 'operate'] })
  })

  it('tries again ever more patiently, ten seconds at most, and eagerly again after a success', () => {
    const transport = setUp()
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt += 1) {
      last().lose()
      const { connection } = transport
      if (connection.state !== 'retrying') throw new Error(`it is ${connection.state}`)
      waits.push(connection.retryAt - Date.now())
      vi.advanceTimersByTime(connection.retryAt - Date.now())
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    last().receive({ scopes: ['read'] })
    last().lose()
    expect(transport.connection).toMatchObject({ state: 'retrying', retryAt: Date.now() + 250 })
  })

  it('gives up on a wrong token and without one', () => {
    const transport = setUp()
    last().lose(CLOSE_CODES.badToken)
    vi.advanceTimersByTime(60_000)
    expect(transport.connection).toEqual({ state: 'refused', why: 'bad-token' })
    expect(sockets).toHaveLength(1)
    expect(setUp('').connection).toEqual({ state: 'refused', why: 'no-token' })
    expect(sockets).toHaveLength(1)
  })

  it('does not wait for ever for a server that says nothing', () => {
    const transport = setUp()
    vi.advanceTimersByTime(10_000)
    expect(sockets[0]?.isClosed).toBe(true)
    expect(transport.connection.state).toBe('retrying')
  })

  it('is lost when the server falls silent without closing it, and only then', () => {
    const transport = setUp()
    last().receive({ scopes: ['read'] })
    for (let beats = 0; beats < 10; beats++) {
      vi.advanceTimersByTime(BEAT_INTERVAL_MS)
      last().receive({ beat: true })
    }
    expect(transport.connection.state).toBe('open')
    const silent = last()
    // A frozen process does not answer the farewell.
    silent.close = () => undefined
    vi.advanceTimersByTime(3 * BEAT_INTERVAL_MS)
    expect(transport.connection.state).toBe('retrying')
    silent.receive({ event: 'status', payload: {} })
    expect(transport.connection.state).toBe('retrying')
  })

  it('can be hurried, but opens no second socket', () => {
    const transport = setUp()
    transport.retryNow()
    expect(sockets).toHaveLength(1)
    last().lose()
    transport.retryNow()
    transport.retryNow()
    expect(sockets).toHaveLength(2)
  })

  it.each([['no json'], ['{"strange":1}'], [JSON.stringify({ event: 'x'.repeat(MAX_MESSAGE_BYTES), payload: 1 })]])(
    'leaves a server that sends what it should not',
    (frame) => {
      const transport = setUp()
      last().receive(frame)
      expect(transport.connection.state).toBe('retrying')
    },
  )

  it('leaves no timer behind', () => {
    const transport = setUp()
    last().receive({ scopes: ['read'] })
    transport.dispose()
    expect(vi.getTimerCount()).toBe(0)
    expect(last().isClosed).toBe(true)
  })
})

describe('calls', () => {
  function open() {
    const transport = setUp()
    last().receive({ scopes: ['read', 'operate'] })
    return transport
  }

  it('get the reply with their own number, in whatever order', async () => {
    const transport = open()
    const first = transport.call('node.start', {})
    const second = transport.call('node.stop', {})
    const [one, two] = last().sent
    last().receive({ id: two?.id, reply: { ok: true, value: 'two' } })
    last().receive({ id: one?.id, reply: { ok: true, value: 'one' } })
    expect(await first).toEqual({ ok: true, value: 'one' })
    expect(await second).toEqual({ ok: true, value: 'two' })
  })

  it('fail when the connection is lost, when none is there, when no answer comes and when they are too long', async () => {
    const transport = open()
    const lost = transport.call('node.start', {})
    last().lose()
    expect(await lost).toMatchObject({ error: { code: 'BRIDGE_DISCONNECTED' } })
    expect(await transport.call('node.start', {})).toMatchObject({ error: { code: 'BRIDGE_DISCONNECTED' } })
    vi.advanceTimersByTime(250)
    last().receive({ scopes: ['operate'] })
    const slow = transport.call('node.start', {})
    for (let passedMs = 0; passedMs < 30_000; passedMs += BEAT_INTERVAL_MS) {
      last().receive({ beat: true })
      vi.advanceTimersByTime(BEAT_INTERVAL_MS)
    }
    expect(await slow).toMatchObject({ error: { code: 'TIMED_OUT' } })
    const long = { prompt: 'é'.repeat(MAX_MESSAGE_BYTES / 2), maxTokens: 1 }
    expect(await transport.call('generate.start', long)).toMatchObject({ error: { code: 'BRIDGE_BAD_INPUT' } })
  })
})

describe('the token', () => {
  function pageAt(hash: string, stored: string | null) {
    const storage = new Map(stored === null ? [] : [['espalier.token', stored]])
    const replaceState = vi.fn()
    const page = {
      location: { hash, pathname: '/', search: '' },
      history: { replaceState },
      sessionStorage: {
        getItem: (key: string) => storage.get(key) ?? null,
        setItem: (key: string, value: string) => void storage.set(key, value),
      },
    }
    return { page: page as unknown as Window, storage, replaceState }
  }

  it('moves from the address to the tab, and a new one replaces the old', () => {
    const { page, storage, replaceState } = pageAt('#token=new', 'old')
    expect(takeSessionToken(page)).toBe('new')
    expect(storage.get('espalier.token')).toBe('new')
    expect(replaceState).toHaveBeenCalledWith(null, '', '/')
  })

  it('is remembered by the tab, or missing', () => {
    expect(takeSessionToken(pageAt('', 'kept').page)).toBe('kept')
    expect(takeSessionToken(pageAt('#overview', null).page)).toBe('')
  })
})
