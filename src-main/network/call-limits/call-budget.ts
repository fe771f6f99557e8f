import type { Clock } from '../../../src-shared/clock'
import { fullBucket, hasToken, type Rate, type TokenBucket, takeToken } from './token-bucket'

export interface CallRates {
  /** The most that one peer gets, however idle the node is. */
  readonly peer: Rate
  /** What each peer gets in any case, however busy others keep the node. */
  readonly own: Rate
  /** What is given beyond that, to all peers together. */
  readonly shared: Rate
}

export interface CallBudget {
  /** Whether this peer may call now; a call that may is counted. */
  admit(peer: string): boolean
  /** Peers that are remembered. */
  readonly peers: number
}

export const MAX_REMEMBERED_PEERS = 1_000

/**
 * Divides what a node answers among those who ask. One who asks without end uses up the part of all, and not the part
 * of another: that is why a peer's own share is taken from first. Who is forgotten begins anew, with a full share.
 */
export function createCallBudget(clock: Pick<Clock, 'monotonicMs'>, rates: CallRates): CallBudget {
  const shared = fullBucket(rates.shared, clock.monotonicMs())
  // In the order of their last call, so that the first is the one to forget.
  const peers = new Map<string, { most: TokenBucket; own: TokenBucket }>()
  return {
    admit(peer) {
      const nowMs = clock.monotonicMs()
      const known = peers.get(peer) ?? { most: fullBucket(rates.peer, nowMs), own: fullBucket(rates.own, nowMs) }
      peers.delete(peer)
      peers.set(peer, known)
      if (peers.size > MAX_REMEMBERED_PEERS) peers.delete(peers.keys().next().value ?? '')
      if (!hasToken(known.most, rates.peer, nowMs)) return false
      const isAdmitted = takeToken(known.own, rates.own, nowMs) || takeToken(shared, rates.shared, nowMs)
      if (isAdmitted) known.most.tokens--
      return isAdmitted
    },
    get peers() {
      return peers.size
    },
  }
}
