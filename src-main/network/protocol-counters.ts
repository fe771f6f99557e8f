import type { Metrics, Stream } from '@libp2p/interface'
import type { ProtocolCount } from '../../src-shared/network-talk'

/** Peers name protocols; whoever invents names must not fill our memory. */
const MAX_PROTOCOLS = 100

export interface ProtocolCounters {
  /** For libp2p's `metrics`: the one place that is told of every stream, whoever opened it. */
  readonly metrics: Metrics
  /** By protocol, the busiest first. */
  list(): ProtocolCount[]
}

/** Counts the streams of each protocol, opened by us and by others. */
export function createProtocolCounters(): ProtocolCounters {
  const counts = new Map<string, ProtocolCount>()

  function count(stream: Stream): void {
    const { protocol } = stream
    const known = counts.get(protocol)
    if (!known && counts.size >= MAX_PROTOCOLS) return
    const entry = known ?? { protocol, opened: 0, accepted: 0, open: 0 }
    if (!known) counts.set(protocol, entry)
    if (stream.direction === 'outbound') entry.opened++
    else entry.accepted++
    entry.open++
    stream.addEventListener('close', () => void entry.open--, { once: true })
  }

  return {
    metrics: onlyStreams(count),
    list: () =>
      [...counts.values()]
        .map((entry) => ({ ...entry }))
        .sort((a, b) => b.opened + b.accepted - (a.opened + a.accepted) || a.protocol.localeCompare(b.protocol)),
  }
}

/** Every part of libp2p registers figures of its own; nobody asks for those. */
function onlyStreams(trackProtocolStream: (stream: Stream) => void): Metrics {
  const nothing = () => undefined
  const stopTimer = () => nothing
  const figure = { update: nothing, increment: nothing, decrement: nothing, reset: nothing, timer: stopTimer }
  const distribution = { observe: nothing, reset: nothing, timer: stopTimer }
  return {
    trackProtocolStream,
    trackMultiaddrConnection: nothing,
    registerMetric: () => figure,
    registerMetricGroup: () => figure,
    registerCounter: () => figure,
    registerCounterGroup: () => figure,
    registerHistogram: () => distribution,
    registerHistogramGroup: () => distribution,
    registerSummary: () => distribution,
    registerSummaryGroup: () => distribution,
    traceFunction: <F>(_name: string, traced: F): F => traced,
    createTrace: nothing,
  }
}
