import type { Connection } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { createBoundedMap } from '../pipeline/scores/bounded-map'

/** A call that reached us over a connection that the other side opened. */
export interface InboundCall {
  protocol: string
  connection: Connection
  /** Of the connection, ms since the epoch: a call shows that the way in was open then, and no more. */
  openedAt: number
}

export interface InboundCalls {
  /** Calls over connections that we opened prove nothing about the way in, and are not kept. */
  note(protocol: string, connection: Connection): void
  /** Told of each from now on. */
  listen(told: (call: InboundCall) => void): Disposer
  /** The last call of each peer, of those whose connections are not older. */
  recent(maxAgeMs: number): InboundCall[]
  /** The way in may be another since. */
  forget(): void
}

const MAX_PEERS = 256

/** Who has reached this node from outside, by what they did and not by what they say. */
export function createInboundCalls(clock: Pick<Clock, 'now'>): InboundCalls {
  const listeners = new Set<(call: InboundCall) => void>()
  let last = createBoundedMap<InboundCall>(MAX_PEERS)
  return {
    note(protocol, connection) {
      if (connection.direction !== 'inbound') return
      const call = { protocol, connection, openedAt: connection.timeline.open }
      last.set(connection.remotePeer.toString(), call)
      for (const told of listeners) told(call)
    },
    listen(told) {
      listeners.add(told)
      return () => void listeners.delete(told)
    },
    recent: (maxAgeMs) =>
      [...last.entries()].flatMap(([, call]) => (clock.now() - call.openedAt <= maxAgeMs ? [call] : [])),
    forget() {
      last = createBoundedMap(MAX_PEERS)
    },
  }
}
