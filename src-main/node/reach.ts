import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import type { NetworkProfile } from '../network/profiles'
import { keepRelayPlaces } from '../network/relay-place'
import type { EventLog } from '../storage/event-log'
import type { BootstrapBook } from './join-network'

/**
 * Looks may fail for reasons of their own, and a network of few peers needs each of its servers: only when nobody could
 * dial us for so long, and in no look of that time, it is about us.
 */
const MISSED_FOR_MS = 120_000

/** Whether others can dial this node, and what follows from it. */
export interface Reach {
  /** What strangers found: true, one reached an address of ours without a relay; null, nobody could say. */
  dialled(isDialable: boolean | null): void
  readonly isDialable: boolean
  stop: Disposer
}

/**
 * Who can be dialled serves the DHT and gives routes. Who cannot is named to nobody as a server, keeps places at the
 * bootstraps' relays, and is reached there.
 */
export function createReach(options: {
  host: Host
  dht: HivemindDht
  book: BootstrapBook
  profile: NetworkProfile
  /** False for a node that has no port of its own. */
  listens: boolean
  clock: Clock
  log: EventLog
}): Reach {
  const { host, dht, book, profile, clock, log } = options
  let isDialable = options.listens
  let missedSinceMs: number | null = null
  let leaveRelays: Disposer = () => undefined

  function askRelays(): void {
    leaveRelays = keepRelayPlaces({
      host,
      relays: () => book.peers(),
      clock,
      onPlace(relay, error) {
        if (error === null) log.write('info', 'relay.reserved', `reached through ${relay}`, { relay })
        else log.write('warn', 'relay.refused', `${relay} does not relay for this node (${error})`, { relay })
      },
    })
  }

  function turn(next: boolean): void {
    isDialable = next
    log.write(
      'info',
      'reach.changed',
      next ? 'others can dial this node' : 'others cannot dial this node: relays are asked',
    )
    leaveRelays()
    if (!next) askRelays()
    const failed = (error: unknown) => log.write('warn', 'reach.mode.failed', messageOf(error))
    dht.setMode(next ? 'server' : 'client').catch(failed)
    host.services.dht.setMode(next && profile.servesKad ? 'server' : 'client').catch(failed)
  }

  if (!isDialable) askRelays()
  return {
    dialled(found) {
      // On one computer there is no router in between: a look that fails there is about something else.
      if (found === null || (options.listens && profile.loopbackOnly)) return
      const nowMs = clock.monotonicMs()
      missedSinceMs = found ? null : (missedSinceMs ?? nowMs)
      const isMissed = missedSinceMs !== null && nowMs - missedSinceMs >= MISSED_FOR_MS
      if (found ? !isDialable : isDialable && isMissed) turn(found)
    },
    get isDialable() {
      return isDialable
    },
    stop: () => leaveRelays(),
  }
}
