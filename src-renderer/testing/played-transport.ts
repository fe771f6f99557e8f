import type { EventName, MethodName, Reply } from '../../src-shared/contract-names'
import type { ConnectedTransport, Connection } from '../bridge/transport'

export interface PlayedCall {
  method: MethodName
  input: unknown
  answer(reply: Reply): Promise<void>
}

/** A transport that a test plays by hand: it answers when the test says so, and says what the test says. */
export interface PlayedTransport extends ConnectedTransport {
  readonly calls: PlayedCall[]
  lastCall(method: MethodName): PlayedCall
  countOf(method: MethodName): number
  emit(event: EventName, payload: unknown): void
  connect(connection: Connection): void
  readonly listenerCount: number
}

export const OPEN: Connection = { state: 'open', scopes: ['read', 'operate'] }
export const READ_ONLY: Connection = { state: 'open', scopes: ['read'] }
export const AWAY: Connection = { state: 'retrying', retryAt: 0, attempts: 1 }
export const REFUSED: Reply = { ok: false, error: { code: 'CHAIN_INCOMPLETE', cause: 'A gap', action: 'Wait.' } }

export function ok(value: unknown): Reply {
  return { ok: true, value }
}

export function createPlayedTransport(): PlayedTransport {
  const calls: PlayedCall[] = []
  const eventListeners = new Set<(event: EventName, payload: unknown) => void>()
  const connectionListeners = new Set<(connection: Connection) => void>()
  let connection: Connection = { state: 'connecting' }
  return {
    kind: 'web',
    calls,
    get connection() {
      return connection
    },
    get listenerCount() {
      return eventListeners.size + connectionListeners.size
    },
    call: (method, input) =>
      new Promise<Reply>((resolve) =>
        calls.push({
          method,
          input,
          async answer(reply) {
            resolve(reply)
            // As many turns as lie between a reply and the state: client, store and their `finally`.
            for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
          },
        }),
      ),
    lastCall(method) {
      const call = calls.findLast((made) => made.method === method)
      if (!call) throw new Error(`${method} was not called`)
      return call
    },
    countOf: (method) => calls.filter((call) => call.method === method).length,
    emit(event, payload) {
      for (const listener of eventListeners) listener(event, payload)
    },
    connect(next) {
      connection = next
      for (const listener of connectionListeners) listener(next)
    },
    subscribe(listener) {
      eventListeners.add(listener)
      return () => void eventListeners.delete(listener)
    },
    onConnection(listener) {
      connectionListeners.add(listener)
      return () => void connectionListeners.delete(listener)
    },
    retryNow: () => undefined,
    dispose: () => undefined,
  }
}
