import type { Clock, Disposer } from '../../../src-shared/clock'
import { RouteError } from '../route-error'

const LOOK_INTERVAL_MS = 500
/** A stage that computes for longer is asked whether it is still there; that costs it nothing. */
export const SILENT_AFTER_MS = 3_000
const CHECK_TIMEOUT_MS = 2_000

/** Asks a peer whether it serves; rejects when it does not answer. */
export type CheckPeer = (peer: string, signal: AbortSignal) => Promise<unknown>

export function isSilent(peer: string, check: CheckPeer): Promise<boolean> {
  return check(peer, AbortSignal.timeout(CHECK_TIMEOUT_MS)).then(
    () => false,
    () => true,
  )
}

/** The first peer that does not say that it serves; null when all do. */
export async function findSilent(peers: readonly string[], check: CheckPeer): Promise<RouteError | null> {
  const outcomes = await Promise.allSettled(peers.map((peer) => check(peer, AbortSignal.timeout(CHECK_TIMEOUT_MS))))
  const silent = peers.find((_, i) => outcomes[i]?.status === 'rejected')
  return silent === undefined ? null : new RouteError('STAGE_LOST', `${silent} (it does not answer)`, silent)
}

/**
 * A machine that sleeps or lost its network closes no stream. So when no answer comes for a while, all peers of the
 * route are asked; one that is silent too is lost. Many that answer: they compute, and the wait goes on.
 */
export function watchSilence(options: {
  clock: Clock
  check: CheckPeer
  /** Time of the newest answer while one is awaited, else null. */
  waitingSince(): number | null
  peers(): readonly string[]
  onLost(error: RouteError): void
}): Disposer {
  const { clock } = options
  let askedAtMs = 0
  let isAsking = false
  const look = async () => {
    const since = options.waitingSince()
    if (isAsking || since === null || clock.monotonicMs() - Math.max(since, askedAtMs) < SILENT_AFTER_MS) return
    isAsking = true
    const lost = await findSilent(options.peers(), options.check)
    isAsking = false
    askedAtMs = clock.monotonicMs()
    if (lost && options.waitingSince() === since) options.onLost(lost)
  }
  return clock.every(LOOK_INTERVAL_MS, () => void look())
}
