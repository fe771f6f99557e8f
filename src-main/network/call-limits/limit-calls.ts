import type {
  Connection,
  Libp2pEvents,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  StreamMuxerFactory,
  TypedEventTarget,
} from '@libp2p/interface'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import { type CallBudget, createCallBudget, MAX_REMEMBERED_PEERS } from './call-budget'
import { countWaiting } from './count-waiting'
import { gateStreams, type StreamGate } from './gate-streams'
import type { CallLimits } from './limits'
import { fullBucket, type TokenBucket, takeToken } from './token-bucket'

/** What became of the calls of others since the host started. */
export interface CallFigures {
  /** By protocol. Only protocols that are served here are counted, so strangers can't make the list grow. */
  readonly protocols: readonly { protocol: string; admitted: number; refused: number }[]
  /** Streams that ended before their protocol was known. */
  readonly refusedEarly: number
  /** Times that all connections of a peer were cut. */
  readonly cut: number
}

interface Registrar {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
}

/** Told of each call that is let through. */
export type CallWatcher = (protocol: string, connection: Connection) => void

export interface CallLimiter {
  /** A service of the host. It has to be there before a protocol is handled: services handle theirs when they start. */
  service(components: { registrar: Registrar; events: TypedEventTarget<Libp2pEvents> }): {
    figures(): CallFigures
    watch(told: CallWatcher): Disposer
  }
  /** Of streams that come over these muxers, those beyond the budget end before anything is negotiated on them. */
  muxer<F extends StreamMuxerFactory, C>(create: (components: C) => F): (components: C) => F
  /** Whether this peer was cut off and has to stay away. */
  isCut(peer: string): boolean
}

/**
 * Limits what others may ask of a host, each of them and all together (O-05, D-T15): first by streams, as soon as one
 * is opened, because most of what a call costs is the agreement about what it is for; then by protocol, whoever
 * serves it. Who goes on regardless is disconnected for a while.
 */
export function limitCalls(clock: Pick<Clock, 'monotonicMs'>, limits: CallLimits): CallLimiter {
  const streams = createCallBudget(clock, limits.streams)
  const waiting = countWaiting(limits.waiting)
  const counts = new Map<string, { admitted: number; refused: number }>()
  // A muxer does not know whose it is; the connection that is made of it shows the same list of streams.
  const connections = new WeakMap<readonly Stream[], Connection>()
  const open = new Set<Connection>()
  const watchers = new Set<CallWatcher>()
  const patience = new Map<string, TokenBucket>()
  const cutUntilMs = new Map<string, number>()
  // One for all: to note where an error was made is a good part of what a refusal costs.
  const tooMany = new EspalierError('CALL_TOO_MANY')
  let refusedEarly = 0
  let cut = 0

  /** Whoever goes on regardless is cut off. */
  function blame(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    // What was on its way when its connection was cut.
    if (isCut(peer)) return
    const nowMs = clock.monotonicMs()
    const bucket = patience.get(peer) ?? fullBucket(limits.patience, nowMs)
    remember(patience, peer, bucket)
    if (!takeToken(bucket, limits.patience, nowMs)) cutOff(peer)
  }

  function isCut(peer: string): boolean {
    const untilMs = cutUntilMs.get(peer)
    if (untilMs === undefined) return false
    if (clock.monotonicMs() < untilMs) return true
    cutUntilMs.delete(peer)
    return false
  }

  function cutOff(peer: string): void {
    cut++
    patience.delete(peer)
    remember(cutUntilMs, peer, clock.monotonicMs() + limits.cutForMs)
    for (const connection of open) {
      if (connection.remotePeer.toString() === peer) connection.abort(tooMany)
    }
  }

  const gate: StreamGate = {
    connectionOf: (list) => connections.get(list),
    admits({ remotePeer }) {
      const peer = remotePeer.toString()
      return waiting.hasRoom(peer) && streams.admit(peer)
    },
    admitted: ({ remotePeer }, stream) => waiting.begin(remotePeer.toString(), stream),
    refused(connection) {
      refusedEarly++
      blame(connection)
    },
    reason: tooMany,
  }

  function limited(protocol: string, handler: StreamHandler, budget: CallBudget): StreamHandler {
    const count = counts.get(protocol) ?? { admitted: 0, refused: 0 }
    counts.set(protocol, count)
    return (stream, connection) => {
      waiting.end(stream)
      if (budget.admit(connection.remotePeer.toString())) {
        count.admitted++
        for (const told of watchers) told(protocol, connection)
        return handler(stream, connection)
      }
      count.refused++
      stream.abort(tooMany)
      blame(connection)
    }
  }

  return {
    service({ registrar, events }) {
      const handle = registrar.handle.bind(registrar)
      registrar.handle = (protocol, handler, options) => {
        const rates = { ...limits.protocol, ...limits.protocols[protocol] }
        return handle(protocol, limited(protocol, handler, createCallBudget(clock, rates)), options)
      }
      events.addEventListener('connection:open', ({ detail }) => {
        connections.set(detail.streams, detail)
        open.add(detail)
      })
      events.addEventListener('connection:close', ({ detail }) => void open.delete(detail))
      return {
        figures: () => ({
          protocols: [...counts].map(([protocol, count]) => ({ protocol, ...count })),
          refusedEarly,
          cut,
        }),
        watch(told) {
          watchers.add(told)
          return () => void watchers.delete(told)
        },
      }
    },
    muxer: (create) => (components) => {
      const factory = create(components)
      const createStreamMuxer = factory.createStreamMuxer.bind(factory)
      factory.createStreamMuxer = (connection) => gateStreams(createStreamMuxer(connection), gate)
      return factory
    },
    isCut,
  }
}

function remember<T>(map: Map<string, T>, peer: string, value: T): void {
  map.delete(peer)
  map.set(peer, value)
  if (map.size > MAX_REMEMBERED_PEERS) map.delete(map.keys().next().value ?? '')
}
