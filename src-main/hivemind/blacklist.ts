import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 300_000
const MAX_PEERS = 1_000

/** Peers that did not answer are left alone for 5 s, then 10, 20, … up to five minutes, until one answer clears them. */
export class Blacklist {
  private readonly peers = new Map<string, { failures: number; untilMs: number }>()

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  failed(peer: PeerId): void {
    const key = peer.toString()
    const failures = (this.peers.get(key)?.failures ?? 0) + 1
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    // Removed first, so that the order of the map is the order of the last failures.
    this.peers.delete(key)
    this.peers.set(key, { failures, untilMs: this.clock.monotonicMs() + pauseMs })
    const [oldest] = this.peers.keys()
    if (this.peers.size > MAX_PEERS && oldest !== undefined) this.peers.delete(oldest)
  }

  answered(peer: PeerId): void {
    this.peers.delete(peer.toString())
  }

  has(peer: PeerId): boolean {
    const entry = this.peers.get(peer.toString())
    return entry !== undefined && entry.untilMs > this.clock.monotonicMs()
  }
}
