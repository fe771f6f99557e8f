import type { Clock, Disposer } from '../src-shared/clock'
import { EVENTS, type EventPayload, METHODS, type MethodInput, type MethodOutput } from '../src-shared/contract'
import type { EventName, MethodName } from '../src-shared/contract-names'
import { EspalierError } from '../src-shared/errors'
import { WEB_PATH } from '../src-shared/web-envelope'
import { takeSessionToken } from './bridge/session-token'
import { alwaysConnected, type ConnectedTransport } from './bridge/transport'
import { createWebSocketTransport } from './bridge/web-socket-transport'

/** As it came over the bridge: a newer host may know codes that this page does not. */
export interface Failure {
  code: string
  cause: string
  action: string
}

export class CallError extends Error {
  override readonly name = 'CallError'
  constructor(readonly failure: Failure) {
    super(failure.cause)
  }
}

export interface BridgeClient {
  readonly transport: ConnectedTransport
  /** @throws CallError, always with a code, a cause and an action. */
  call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>>
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): Disposer
  /** Something came that does not fit the contract: page and host are of different versions. */
  onMisfit(listener: () => void): Disposer
}

/** Typed calls and events over any transport; what comes in is checked against the contract here. */
export function createBridgeClient(transport: ConnectedTransport): BridgeClient {
  const misfitListeners = new Set<() => void>()
  const reportMisfit = () => {
    for (const listener of misfitListeners) listener()
  }
  return {
    transport,
    async call<M extends MethodName>(method: M, input: MethodInput<M>) {
      const reply = await transport.call(method, input)
      if (!reply.ok) throw new CallError(reply.error)
      const output = METHODS[method].output.safeParse(reply.value)
      if (output.success) return output.data as MethodOutput<M>
      reportMisfit()
      throw new CallError(new EspalierError('INTERNAL', `the answer to ${method} was not understood`).report())
    },
    on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void) {
      return transport.subscribe((name, payload) => {
        if (name !== event) return
        const checked = EVENTS[event].safeParse(payload)
        if (checked.success) listener(checked.data as EventPayload<E>)
        else reportMisfit()
      })
    },
    onMisfit(listener) {
      misfitListeners.add(listener)
      return () => void misfitListeners.delete(listener)
    },
  }
}

/** The desktop app's preload where there is one, otherwise the WebSocket of the address that served this page. */
export function connectToHost(page: Window, clock: Clock): ConnectedTransport {
  if (page.espalier) return alwaysConnected(page.espalier)
  const scheme = page.location.protocol === 'https:' ? 'wss' : 'ws'
  return createWebSocketTransport({
    url: `${scheme}://${page.location.host}${WEB_PATH}`,
    token: takeSessionToken(page),
    clock,
  })
}
