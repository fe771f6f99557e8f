import type { Clock, Disposer } from '../../src-shared/clock'
import { type EventName, MAX_MESSAGE_BYTES, type Reply } from '../../src-shared/contract-names'
import { EspalierError } from '../../src-shared/errors'
import {
  BEAT_INTERVAL_MS,
  CLOSE_CODES,
  type ServerEnvelope,
  ServerEnvelopeSchema,
  TOKEN_PREFIX,
  WEB_PROTOCOL,
} from '../../src-shared/web-envelope'
import type { ConnectedTransport, Connection } from './transport'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 10_000
const CONNECT_TIMEOUT_MS = 10_000
const CALL_TIMEOUT_MS = 30_000
/** Three beats missed: what the page shows may no longer be so. */
const SILENCE_MS = 3 * BEAT_INTERVAL_MS

export interface WebSocketTransportOptions {
  url: string
  token: string
  clock: Clock
  openSocket?: (url: string, protocols: string[]) => WebSocket
}

/** One WebSocket that is opened again, ever more patiently, until it is disposed or its token is refused. */
export function createWebSocketTransport(options: WebSocketTransportOptions): ConnectedTransport {
  const { url, token, clock, openSocket = (to, protocols) => new WebSocket(to, protocols) } = options
  const eventListeners = new Set<(event: EventName, payload: unknown) => void>()
  const connectionListeners = new Set<(connection: Connection) => void>()
  const waiting = new Map<number, (reply: Reply) => void>()
  let connection: Connection = { state: 'connecting' }
  let socket: WebSocket | null = null
  let cancelTimer: Disposer = () => undefined
  let attempts = 0
  let nextId = 1
  let disposed = false

  const setConnection = (next: Connection) => {
    connection = next
    for (const listener of connectionListeners) listener(next)
  }

  const connect = () => {
    cancelTimer()
    if (token === '') return setConnection({ state: 'refused', why: 'no-token' })
    const current = openSocket(url, [WEB_PROTOCOL, `${TOKEN_PREFIX}${token}`])
    socket = current
    cancelTimer = clock.after(CONNECT_TIMEOUT_MS, () => current.close())
    current.onmessage = ({ data }) => {
      const envelope = readEnvelope(data)
      // What we do not understand is not acted upon; the page is of another version then, or the port is someone else's.
      if (!envelope) return current.close()
      receive(envelope, current)
    }
    current.onclose = ({ code }) => lost(current, code)
  }

  const lost = (current: WebSocket, code: number | null) => {
    if (socket !== current) return
    socket = null
    cancelTimer()
    if (disposed) return
    // First the state, then the failed calls: whoever handles a failure must already see that nothing is connected.
    if (code === CLOSE_CODES.badToken) setConnection({ state: 'refused', why: 'bad-token' })
    else retryLater()
    failWaiting()
  }

  /** Who is silent does not answer a farewell either, so the loss is told at once. */
  const listenForSilence = (current: WebSocket) => {
    cancelTimer()
    cancelTimer = clock.after(SILENCE_MS, () => {
      lost(current, null)
      current.close()
    })
  }

  const retryLater = () => {
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts)
    attempts += 1
    cancelTimer = clock.after(waitMs, connect)
    setConnection({ state: 'retrying', retryAt: clock.now() + waitMs, attempts })
  }

  const receive = (envelope: ServerEnvelope, from: WebSocket) => {
    if (from !== socket) return
    if ('scopes' in envelope || connection.state === 'open') listenForSilence(from)
    if ('beat' in envelope) return
    if ('scopes' in envelope) {
      attempts = 0
      setConnection({ state: 'open', scopes: envelope.scopes })
    } else if ('event' in envelope) {
      for (const listener of eventListeners) listener(envelope.event as EventName, envelope.payload)
    } else {
      waiting.get(envelope.id)?.(envelope.reply as Reply)
    }
  }

  const failWaiting = () => {
    const failure = refusal(new EspalierError('BRIDGE_DISCONNECTED'))
    for (const settle of [...waiting.values()]) settle(failure)
  }

  connect()
  return {
    kind: 'web',
    get connection() {
      return connection
    },
    call(method, input) {
      if (connection.state !== 'open' || !socket) {
        return Promise.resolve(refusal(new EspalierError('BRIDGE_DISCONNECTED')))
      }
      const id = nextId++
      const text = JSON.stringify({ id, method, input })
      if (new TextEncoder().encode(text).length > MAX_MESSAGE_BYTES) {
        return Promise.resolve(refusal(new EspalierError('BRIDGE_BAD_INPUT', 'it is too long for one message')))
      }
      const sending = socket
      return new Promise((resolve) => {
        const cancelTimeout = clock.after(CALL_TIMEOUT_MS, () =>
          waiting.get(id)?.(refusal(new EspalierError('TIMED_OUT', method))),
        )
        waiting.set(id, (reply) => {
          cancelTimeout()
          waiting.delete(id)
          resolve(reply)
        })
        sending.send(text)
      })
    },
    subscribe(listener) {
      eventListeners.add(listener)
      return () => void eventListeners.delete(listener)
    },
    onConnection(listener) {
      connectionListeners.add(listener)
      return () => void connectionListeners.delete(listener)
    },
    retryNow() {
      if (connection.state !== 'retrying' || socket) return
      attempts = 0
      connect()
    },
    dispose() {
      disposed = true
      cancelTimer()
      socket?.close()
      failWaiting()
      eventListeners.clear()
      connectionListeners.clear()
    },
  }
}

function readEnvelope(data: unknown): ServerEnvelope | null {
  if (typeof data !== 'string' || data.length > MAX_MESSAGE_BYTES) return null
  try {
    const envelope = ServerEnvelopeSchema.safeParse(JSON.parse(data))
    return envelope.success ? envelope.data : null
  } catch {
    return null
  }
}

function refusal(error: EspalierError): Reply {
  return { ok: false, error: error.report() }
}
