import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { Host } from './host'
import type { KnownPeer } from './peer-addresses'

export interface BootstrapOutcome {
  peerId: string
  /** Where it answered, or all that were tried. */
  address: string
  at: number
  /** Round-trip of a ping that the bootstrap answered, in ms; null when it did not. */
  roundTripMs: number | null
  error: ErrorReport | null
}

const DIAL_TIMEOUT_MS = 6_000
const REDIAL_FIRST_MS = 1_000
/** A bootstrap that is away is asked once a minute, however long it takes (D-T04). */
const REDIAL_MAX_MS = 60_000
const KEEP_ALIVE_CHECK_MS = 5_000

/** Dials every bootstrap at once and pings it. One that answers is enough; each failure has its own cause. */
export function dialBootstraps(host: Host, peers: readonly KnownPeer[], clock: Clock): Promise<BootstrapOutcome[]> {
  return Promise.all(peers.map((peer) => dialOne(host, peer, clock)))
}

async function dialOne(host: Host, peer: KnownPeer, clock: Clock): Promise<BootstrapOutcome> {
  const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS)
  const outcome = { peerId: peer.peerId.toString(), address: peer.multiaddrs.join(', '), at: clock.now() }
  try {
    const { remoteAddr } = await host.dial(peer.multiaddrs, { signal })
    outcome.address = remoteAddr.toString()
    // Kept alive: identify and the keep-alive tag make libp2p re-dial it after a loss.
    await host.peerStore.merge(peer.peerId, { tags: { 'keep-alive-bootstrap': { value: 100 } } })
    const roundTripMs = await host.services.ping.ping(peer.peerId, { signal })
    return { ...outcome, at: clock.now(), roundTripMs, error: null }
  } catch (error) {
    const report = new EspalierError('PEER_UNREACHABLE', `${outcome.address} (${messageOf(error)})`).report()
    return { ...outcome, at: clock.now(), roundTripMs: null, error: report }
  }
}

/**
 * Keeps us connected to the bootstraps: dials those that are not connected, with a growing pause, for as long as
 * the node runs. libp2p's own bootstrap module dials once, so a node that starts first would never join.
 */
export function keepBootstrapsConnected(
  host: Host,
  peers: () => readonly KnownPeer[],
  clock: Clock,
  onOutcome: (outcomes: BootstrapOutcome[]) => void,
  dial: typeof dialBootstraps = dialBootstraps,
): Disposer {
  let stopped = false
  let cancelTimer: Disposer = () => undefined
  let pauseMs = REDIAL_FIRST_MS

  let hasFailed = false

  const round = async () => {
    // After a failure all are asked again: one may have connected by another way, and nobody would hear of it.
    const missing = peers().filter(({ peerId }) => hasFailed || !isConnected(host, peerId))
    if (missing.length > 0) {
      const outcomes = await dial(host, missing, clock)
      if (stopped) return
      hasFailed = outcomes.some(({ error }) => error !== null)
      onOutcome(outcomes)
      pauseMs = hasFailed ? Math.min(pauseMs * 2, REDIAL_MAX_MS) : REDIAL_FIRST_MS
    }
    schedule(missing.length > 0 ? pauseMs : KEEP_ALIVE_CHECK_MS)
  }
  const schedule = (delayMs: number) => {
    if (!stopped) cancelTimer = clock.after(delayMs, () => void round())
  }
  schedule(REDIAL_FIRST_MS)
  return () => {
    stopped = true
    cancelTimer()
  }
}

export function isConnected(host: Host, peerId: PeerId): boolean {
  return host.getConnections(peerId).some((connection) => connection.status === 'open')
}
