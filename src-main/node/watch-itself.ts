import type { EngineClient } from '../engine/engine'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import { watchRoutingTable } from '../observe/routing-watch'
import { watchCalls } from './call-watch'
import { capsOf, watchCaps } from './caps'
import type { BootstrapBook } from './join-network'
import type { ShardTarget } from './load-ladder'
import { watchMap } from './map-watch'
import { watchResources } from './resources'
import type { RuntimeOptions } from './runtime-types'
import { watchEvidenceAge } from './watchdog'

/** What a running node looks at from time to time: the age of its evidence, the network's map, its routing table, what it uses. */
export function watchItself(
  options: Pick<RuntimeOptions, 'config' | 'clock' | 'log' | 'steps' | 'facts' | 'scope' | 'onChange'> & {
    host: Host
    dht: HivemindDht
    book: BootstrapBook
    engine(): EngineClient | null
    /** What is served now. */
    target(): ShardTarget | null
    /** Somebody asked for a pause. */
    onOverload(retryAfterMs: number): void
  },
): void {
  const { config, clock, log, steps, facts, scope, onChange, host, dht, book, onOverload } = options
  const { profile } = config
  scope.add(
    watchEvidenceAge(steps, profile, clock, (step, { cause, code }) =>
      log.write('warn', 'evidence.old', cause, { step, code }),
    ),
  )
  if (profile.mapUrl !== undefined) {
    scope.add(
      watchMap({
        url: profile.mapUrl,
        host,
        book,
        publicName: config.publicName,
        serving() {
          const { state, endedAt } = steps.get('announce') ?? {}
          const target = options.target()
          return target && state === 'done' && endedAt !== undefined ? { target, since: endedAt } : null
        },
        clock,
        log,
        onOverload,
        onView(seen) {
          facts.map = seen
          onChange()
        },
      }),
    )
  }
  scope.add(
    watchRoutingTable(dht, clock, (table) => {
      facts.routingTable = table
      onChange()
    }),
  )
  const calls = watchCalls(() => host.services.calls.figures(), log)
  scope.add(
    watchResources(
      clock,
      {
        engine: options.engine,
        traffic: () => host.services.traffic.figures(),
        overCaps: watchCaps({ caps: capsOf(config), clock, log }),
      },
      (resources) => {
        facts.resources = resources
        facts.calls = calls()
        onChange()
      },
    ),
  )
}
