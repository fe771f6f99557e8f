import type { Clock } from '../../src-shared/clock'

/** As long as the public monitor remembers. */
const ANSWERED_MS = 300_000
/** Shorter than the monitor's: a node that has come back should not stay unreachable for five minutes. */
const FAILED_MS = 60_000

/** What calls to servers came to, so that one who looks every minute does not call every server every minute. */
export interface ProbeMemory {
  /** Undefined when it is time to call; null when the server answered; otherwise what went wrong. */
  recall(peerId: string): string | null | undefined
  remember(peerId: string, error: string | null): void
}

export function createProbeMemory(clock: Clock, maxPeers = 10_000): ProbeMemory {
  const outcomes = new Map<string, { error: string | null; untilMs: number }>()
  return {
    recall(peerId) {
      const outcome = outcomes.get(peerId)
      return outcome && outcome.untilMs > clock.monotonicMs() ? outcome.error : undefined
    },
    remember(peerId, error) {
      // The oldest go first: a map keeps the order of insertion.
      outcomes.delete(peerId)
      if (outcomes.size >= maxPeers) outcomes.delete(outcomes.keys().next().value ?? '')
      outcomes.set(peerId, { error, untilMs: clock.monotonicMs() + (error === null ? ANSWERED_MS : FAILED_MS) })
    },
  }
}
