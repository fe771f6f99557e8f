import type { Clock, Disposer } from '../../src-shared/clock'
import type { MapView } from '../../src-shared/status'
import { isConnected } from '../network/bootstrap'
import type { Host } from '../network/host'
import { MAP_BUDGET_PER_HOUR, pollMap } from '../observe/map-poll'
import { bootstrapTable, judgeMap } from '../observe/map-verdict'
import type { EventLog } from '../storage/event-log'
import { wayFetch } from '../web/way-fetch'
import type { BootstrapBook } from './join-network'
import type { ShardTarget } from './load-ladder'

/**
 * Asks the network's public map about this node, if it has one. What the map says is one more witness; that it does
 * not answer says nothing about the node.
 */
export function watchMap(options: {
  url: string
  host: Host
  book: BootstrapBook
  publicName: string
  /** What is served now and since when others confirm it; null while nothing is. */
  serving: () => { target: ShardTarget; since: number } | null
  clock: Clock
  log: EventLog
  fetch?: typeof fetch
  /** The map asks for a pause, of so many ms or of its own length. */
  onOverload(retryAfterMs: number): void
  onView(view: MapView): void
}): Disposer {
  const { url, host, book, clock, log } = options
  const poll = pollMap({
    url,
    fetch: options.fetch ?? wayFetch,
    clock,
    onResult({ map, error, asked, overloadMs }) {
      if (overloadMs !== null) options.onOverload(overloadMs)
      const view = { url, at: clock.now(), asked, budget: MAP_BUDGET_PER_HOUR }
      const own = book.peers().map(({ peerId }) => ({
        peerId: peerId.toString(),
        isConnected: isConnected(host, peerId),
      }))
      if (!map) {
        const text = `map unreachable (${error}); this node’s health does not depend on it`
        log.write('debug', 'map.unreachable', text)
        options.onView({ ...view, state: 'map_unreachable', text, bootstraps: bootstrapTable(own, []) })
        return
      }
      const serving = options.serving()
      const verdict = serving
        ? judgeMap(
            map,
            {
              peerId: host.peerId.toString(),
              publicName: options.publicName,
              dhtPrefix: serving.target.manifest.dhtPrefix,
              repository: serving.target.manifest.repository,
              range: serving.target.range,
              since: serving.since,
            },
            clock.now(),
          )
        : { state: 'not_expected_yet' as const, text: 'nothing is served yet that the map could show' }
      options.onView({ ...view, ...verdict, bootstraps: bootstrapTable(own, map.bootstrapStates) })
    },
  })
  return poll.stop
}

/** Why the map is a reason to doubt that others see us; null when it is none, or cannot be asked. */
export function mapDoubt(view: MapView | null): string | null {
  const isReason = view?.state === 'differs' || view?.state === 'absent' || view?.state === 'unreachable_row'
  return isReason ? view.text : null
}
