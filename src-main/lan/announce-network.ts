import multicastDns from 'multicast-dns'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import { type AnnouncedNetwork, asksForNetworks, recordsOf } from './network-service'

/** One answer reaches everybody who asked; the group is not flooded by whoever asks without end. */
const QUIET_MS = 500

/**
 * Answers on the local network when somebody looks for networks. It says nothing by itself. Nothing depends on it: where
 * a system keeps multicast in, it does nothing, and the log says why.
 */
export function announceNetwork(options: {
  network: AnnouncedNetwork
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** Of multicast DNS; another one is for tests. */
  port?: number
}): { close(): Promise<void> } {
  const { clock, log } = options
  const records = recordsOf(options.network)
  const mdns = multicastDns(options.port === undefined ? {} : { port: options.port })
  let answeredAtMs = Number.NEGATIVE_INFINITY
  const failed = (error: Error) => log.write('debug', 'lan.announce.failed', messageOf(error))
  mdns.on('error', failed)
  mdns.on('warning', failed)
  mdns.on('query', (query) => {
    if (!asksForNetworks(query) || clock.monotonicMs() - answeredAtMs < QUIET_MS) return
    answeredAtMs = clock.monotonicMs()
    mdns.respond(records, (error) => error && failed(error))
  })
  return { close: () => new Promise((resolve) => mdns.destroy(resolve)) }
}
