import type { Clock } from '../../src-shared/clock'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { CoordinatorApi } from '../coordinator/coordinator-api'
import type { BootstrapOutcome as DhtBootstrapOutcome, HivemindDht } from '../hivemind/dht'
import { type BootstrapOutcome, keepBootstrapsConnected } from '../network/bootstrap'
import { routingReady } from '../network/find-peer'
import type { Host } from '../network/host'
import { groupByPeer, type KnownPeer, type PeerAddress, parsePeerAddresses } from '../network/peer-addresses'
import type { NetworkProfile } from '../network/profiles'
import type { EventLog } from '../storage/event-log'
import type { Scope } from './lifecycle'
import type { PeerCache } from './peer-cache'
import type { NodeRooms } from './rooms'
import type { Steps } from './steps'

const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000
const DHT_BOOTSTRAP_TIMEOUT_MS = 15_000

export interface BootstrapBook {
  /** Adds bootstrap multiaddrs; entries that can't be parsed are logged once and left out. */
  add(entries: readonly string[]): void
  /** Other peers of the network: dialled when no bootstrap answers, and never stored at as if they were one. */
  hint(entries: readonly string[]): void
  peers(): KnownPeer[]
  hints(): KnownPeer[]
}

export function createBootstrapBook(self: string, log: EventLog): BootstrapBook {
  const bootstraps: PeerAddress[] = []
  const others: PeerAddress[] = []
  const refused = new Set<string>()
  const read = (entries: readonly string[], into: PeerAddress[]) => {
    const { valid, invalid } = parsePeerAddresses(entries)
    for (const peer of valid) {
      const isKnown = into.some(({ multiaddr }) => multiaddr.equals(peer.multiaddr))
      if (!isKnown && peer.peerId.toString() !== self) into.push(peer)
    }
    for (const { entry, report } of invalid) {
      if (refused.has(entry)) continue
      refused.add(entry)
      log.write('warn', 'bootstrap.address.invalid', report.cause, { entry, code: report.code })
    }
  }
  return {
    add: (entries) => read(entries, bootstraps),
    hint: (entries) => read(entries, others),
    peers: () => groupByPeer(bootstraps),
    hints: () => groupByPeer(others),
  }
}

/**
 * The first step: asks the coordinator for bootstrap peers, dials all of them, and joins the DHT through those that
 * answer. Resolves when at least one did; until then it tries again with a growing pause and says why in the step.
 */
export async function joinNetwork(options: {
  host: Host
  dht: HivemindDht
  book: BootstrapBook
  api: CoordinatorApi | null
  cache: PeerCache
  profile: NetworkProfile
  rooms: NodeRooms
  steps: Steps
  clock: Clock
  log: EventLog
  scope: Scope
}): Promise<void> {
  const { host, dht, book, profile, rooms, steps, clock, log, scope } = options
  steps.working('connect')
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      await askForPeers(options)
      const outcomes = await rooms.dialBootstraps(host, book.peers(), clock)
      if (!outcomes.some(({ error }) => error === null))
        outcomes.push(...(await rooms.dialBootstraps(host, book.hints(), clock)))
      if (outcomes.some(({ error }) => error === null)) {
        await routingReady(host, AbortSignal.any([scope.signal, AbortSignal.timeout(DHT_BOOTSTRAP_TIMEOUT_MS)]))
      }
      const joined = await dht.bootstrap(
        [...book.peers(), ...book.hints()].map(({ peerId }) => peerId),
        { signal: AbortSignal.any([scope.signal, AbortSignal.timeout(DHT_BOOTSTRAP_TIMEOUT_MS)]) },
      )
      const evidence = evidenceOf(outcomes)
      if (evidence.length === 0 || !joined.some(({ ok }) => ok)) throw nobodyAnswered(outcomes, joined)
      log.write('info', 'dht.bootstrap.done', `${evidence.length} bootstrap peers answered`, {
        peers: host.getPeers().length,
        network: profile.name,
        via: evidence[0]?.by,
        routingTable: dht.knownPeers().length,
      })
      steps.done('connect', evidence)
      break
    } catch (error) {
      if (scope.signal.aborted) throw error
      const report = reportOf(error)
      log.write('warn', 'connect.failed', report.cause, { code: report.code })
      steps.failed('connect', report, { what: 'Trying again by itself', at: clock.now() + pauseMs })
      await clock.sleep(pauseMs, scope.signal)
      steps.working('connect')
    }
  }
  scope.add(
    keepBootstrapsConnected(
      host,
      () => book.peers(),
      clock,
      (outcomes) => {
        const evidence = evidenceOf(outcomes)
        if (evidence.length > 0) steps.done('connect', evidence)
        else if (outcomes.length === book.peers().length)
          steps.degraded('connect', nobodyAnswered(outcomes, []).report())
      },
      rooms.dialBootstraps,
    ),
  )
}

/** A coordinator that is away is no reason to stay away from peers that were good the last time (C-38). */
async function askForPeers({ api, book, cache, log, scope }: Parameters<typeof joinNetwork>[0]): Promise<void> {
  book.hint(await cache.load())
  if (!api) return
  try {
    book.add((await api.networkInfo({ signal: scope.signal })).value.bootstrapPeers)
  } catch (error) {
    if (scope.signal.aborted || book.peers().length + book.hints().length === 0) throw error
    const { cause, code } = reportOf(error)
    log.write('warn', 'network.info.failed', `${cause}; peers of earlier are tried`, { code })
  }
}

function evidenceOf(outcomes: readonly BootstrapOutcome[]): Evidence[] {
  return outcomes.flatMap(({ peerId, at, roundTripMs }) =>
    roundTripMs === null ? [] : [{ kind: 'peer', by: peerId, at, value: `in ${roundTripMs} ms` }],
  )
}

/** Also who answers a ping may not answer as a node of the DHT. */
function nobodyAnswered(outcomes: readonly BootstrapOutcome[], joined: readonly DhtBootstrapOutcome[]): EspalierError {
  const causes = [...outcomes.map(({ error }) => error), ...joined.map((one) => (one.ok ? null : one.error))].flatMap(
    (error) => (error ? [error.cause] : []),
  )
  return new EspalierError(
    'BOOTSTRAP_UNREACHABLE',
    causes.length > 0 ? causes.join('; ') : 'no address led to an answer',
  )
}
