import type { Disposer } from '../../src-shared/clock'
import type { EventName, MethodName, Reply, Scope } from '../../src-shared/contract-names'

/** What carries calls and events: a WebSocket, or what a preload puts on `window.espalier`. Nothing is validated yet. */
export interface Transport {
  readonly kind: 'web' | 'ipc'
  call(method: MethodName, input: unknown): Promise<Reply>
  subscribe(listener: (event: EventName, payload: unknown) => void): Disposer
}

export type Connection =
  | { state: 'connecting' }
  | { state: 'open'; scopes: readonly Scope[] }
  /** Lost or never made; the next attempt starts at `retryAt` (epoch ms). */
  | { state: 'retrying'; retryAt: number; attempts: number }
  /** Trying again would not help: the link has no token, or not the right one. */
  | { state: 'refused'; why: 'no-token' | 'bad-token' }

/** A transport that can come and go. */
export interface ConnectedTransport extends Transport {
  readonly connection: Connection
  onConnection(listener: (connection: Connection) => void): Disposer
  /** Skips what is left of the wait. */
  retryNow(): void
  dispose(): void
}

declare global {
  interface Window {
    espalier?: Transport
  }
}

/** A preload's transport is there as long as the window is. */
export function alwaysConnected(transport: Transport): ConnectedTransport {
  return {
    kind: transport.kind,
    call: (method, input) => transport.call(method, input),
    subscribe: (listener) => transport.subscribe(listener),
    connection: { state: 'open', scopes: ['read', 'operate'] },
    onConnection: () => () => undefined,
    retryNow: () => undefined,
    dispose: () => undefined,
  }
}
