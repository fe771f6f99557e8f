import type { Clock, Disposer } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { HivemindDht } from '../hivemind/dht'

/** The status may be this much behind the table. */
const LOOK_INTERVAL_MS = 2_000

/** Tells the size of the routing table, now and whenever a look finds that it has changed. */
export function watchRoutingTable(
  dht: Pick<HivemindDht, 'knownPeers'>,
  clock: Clock,
  onChange: (table: NonNullable<NodeStatus['routingTable']>) => void,
): Disposer {
  let known = -1
  const look = () => {
    const peers = dht.knownPeers().length
    if (peers === known) return
    known = peers
    onChange({ peers, changedAt: clock.now() })
  }
  look()
  return clock.every(LOOK_INTERVAL_MS, look)
}
