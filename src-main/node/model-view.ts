import type { HivemindDht } from '../hivemind/dht'
import type { KademliaRecords } from '../kademlia/records'
import type { Host } from '../network/host'
import { kademliaView } from '../observe/kademlia-view'
import { hivemindView, type NetworkView } from '../observe/network-view'
import { placePeers } from '../places/place-peers'
import { localSpans } from './local-records'
import { type PeerView, watchPeers } from './peer-watch'
import type { Presence } from './presence'
import type { RuntimeOptions } from './runtime-types'

/** A network on one computer may look more often than the 30 s of real ones. */
const MAX_LOCAL_WATCH_MS = 8_000

export interface ModelView {
  /** From now on this model's servers are looked at. */
  follow(model: { dhtPrefix: string; blockCount: number }): void
  /** Looks now; does nothing while no model is followed. */
  refresh(): Promise<void>
  stop(): void
}

/** What the DHT says about the servers of the model that we serve, in the first form of our network. */
export function createModelView(
  options: Pick<RuntimeOptions, 'config' | 'clock' | 'log'> & {
    host: Host
    dht: HivemindDht
    records: KademliaRecords
    describe: Presence['describe']
    /** Whether every shard of the model is there and loaded. */
    isComplete(): boolean
    onView(seen: PeerView): void
  },
): ModelView {
  const { config, clock, log, host, dht, records, onView, isComplete } = options
  const { profile } = config
  let view: ReturnType<typeof watchPeers> | null = null

  function networkView(dhtPrefix: string): NetworkView {
    if (profile.recordForms[0] === 'hivemind') return hivemindView(dht, profile)
    const self = () => options.describe('')
    return kademliaView({ host, records, tracked: [dhtPrefix], countsRecords: false, self })
  }

  return {
    follow(model) {
      view?.stop()
      view = watchPeers({
        host,
        records: networkView(model.dhtPrefix),
        model,
        isComplete,
        longestMs: profile.loopbackOnly ? MAX_LOCAL_WATCH_MS : undefined,
        local: profile.recordForms[0] === 'hivemind' ? (known) => localSpans(dht, model, known, clock) : null,
        countryOf: config.countryOf && placePeers(host, config.countryOf, clock),
        clock,
        log,
        onView,
      })
    },
    async refresh() {
      await view?.refresh()
    },
    stop: () => view?.stop(),
  }
}
