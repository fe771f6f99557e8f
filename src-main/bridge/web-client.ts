import type { WebSocket } from 'ws'
import { EVENT_SCOPES, type EventName, MAX_MESSAGE_BYTES, type Scope } from '../../src-shared/contract-names'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { BEAT, CLOSE_CODES, RequestEnvelopeSchema } from '../../src-shared/web-envelope'
import type { BridgeLog, BridgeServer } from './server'

/** A page waits for a handful of answers at a time; more is a fault or an attack. */
const MAX_CALLS_IN_FLIGHT = 16

export interface WebClient {
  /** `text` is the event's frame, made once for all clients. */
  sendEvent(event: EventName, text: string): void
  /** Ends the connection when the last ping was never answered, otherwise pings again. */
  checkAlive(): void
  /** Says that this process is awake. */
  beat(): void
  close(code: number): void
  terminate(): void
}

export interface WebClientOptions {
  socket: WebSocket
  scopes: ReadonlySet<Scope>
  server: BridgeServer
  log: BridgeLog
  maxBufferedBytes: number
}

/** One connected page: requests in, replies and events out, everything bounded. */
export function serveWebClient({ socket, scopes, server, log, maxBufferedBytes }: WebClientOptions): WebClient {
  let callsInFlight = 0
  let alive = true

  const send = (text: string) => {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > maxBufferedBytes) {
      server.countRefused('slow-client')
      log('warn', 'A page reads too slowly and was disconnected', { bufferedBytes: socket.bufferedAmount })
      socket.terminate()
      return
    }
    socket.send(text)
  }
  const reject = (code: number) => {
    server.countRefused('malformed')
    socket.close(code)
  }
  const answer = async (id: number, method: string, input: unknown) => {
    callsInFlight += 1
    try {
      const reply = await server.dispatch(method, input, scopes)
      const text = JSON.stringify({ id, reply })
      if (Buffer.byteLength(text) <= MAX_MESSAGE_BYTES) return send(text)
      server.countRefused('oversize')
      const error = new EspalierError('INTERNAL', `the answer to ${method} is too long`).report()
      send(JSON.stringify({ id, reply: { ok: false, error } }))
    } finally {
      callsInFlight -= 1
    }
  }

  // Without this listener a frame above the limit would end the whole process: ws emits it as an unhandled 'error'.
  socket.on('error', (error: Error & { code?: string }) => {
    server.countRefused(error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'oversize' : 'malformed')
    log('warn', 'A page broke the protocol and was disconnected', { error: messageOf(error) })
  })
  socket.on('pong', () => {
    alive = true
  })
  socket.on('message', (data, isBinary) => {
    if (isBinary) return reject(CLOSE_CODES.notText)
    const message = parseJson(data.toString())
    if (!message) return reject(CLOSE_CODES.notJson)
    const envelope = RequestEnvelopeSchema.safeParse(message.value)
    if (!envelope.success) return reject(CLOSE_CODES.badEnvelope)
    const { id, method, input } = envelope.data
    if (callsInFlight < MAX_CALLS_IN_FLIGHT) return void answer(id, method, input)
    server.countRefused('busy')
    send(JSON.stringify({ id, reply: { ok: false, error: new EspalierError('BRIDGE_BUSY').report() } }))
  })

  send(JSON.stringify({ scopes: [...scopes] }))
  return {
    sendEvent(event, text) {
      if (scopes.has(EVENT_SCOPES[event])) send(text)
    },
    checkAlive() {
      if (!alive) return socket.terminate()
      alive = false
      if (socket.readyState === socket.OPEN) socket.ping()
    },
    beat: () => send(BEAT),
    close: (code) => socket.close(code),
    terminate: () => socket.terminate(),
  }
}

function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}
