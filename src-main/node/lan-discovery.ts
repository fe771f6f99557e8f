import type { Clock, Disposer } from '../../src-shared/clock'
import type { Host } from '../network/host'
import { meetLanPeers } from '../network/lan-peers'
import { containerKind, whyNoMulticast } from '../network/multicast'
import type { EventLog } from '../storage/event-log'

/** How LAN discovery does: `off` by choice, `ready` without anybody yet, `met` somebody, or `failed` and why. */
export type LanDiscovery =
  | { kind: 'off' }
  | { kind: 'ready' }
  | { kind: 'met'; peerId: string }
  | { kind: 'failed'; cause: string }

const LOOK_MS = 120_000

export interface FollowLanOptions {
  host: Host
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** For tests. */
  whyNoMulticast?: () => Promise<string | null>
  containerKind?: () => Promise<string | null>
}

/**
 * Meets peers of the local network, and knows whether it could: multicast that a system or a container keeps in fails
 * without a word of the library (H-12, H-15). Nothing else of the node depends on it.
 */
export function followLan(options: FollowLanOptions): { state(): LanDiscovery; stop: Disposer } {
  const { host, clock, log } = options
  const { whyNoMulticast: look = () => whyNoMulticast({ clock }), containerKind: kind = () => containerKind() } =
    options
  let state: LanDiscovery = { kind: 'ready' }
  let isStopped = false

  async function check(): Promise<void> {
    const why = await look()
    if (isStopped) return
    if (why === null) {
      if (state.kind === 'failed') state = { kind: 'ready' }
      return
    }
    const container = await kind()
    const cause = container === null ? why : `${why}; this is ${container}, which needs the host’s network for it`
    if (state.kind !== 'failed')
      log.write('warn', 'lan.discovery.failed', `LAN discovery is unavailable here: ${cause}`)
    state = { kind: 'failed', cause }
  }
  void check()
  const stopLooking = clock.every(LOOK_MS, () => void check())
  const stopMeeting = meetLanPeers({
    ...{ host, clock },
    allowsLoopback: false,
    onMet(peer, error) {
      if (error !== null) return log.write('debug', 'lan.peer.failed', `${peer}: ${error}`, { peer })
      state = { kind: 'met', peerId: peer }
      log.write('info', 'lan.peer.met', `${peer} was found on the local network`, { peer })
    },
  })
  return {
    state: () => state,
    stop() {
      isStopped = true
      stopLooking()
      stopMeeting()
    },
  }
}
