import type { Clock, Disposer } from '../../../src-shared/clock'
import type { StageProgress } from '../frames'
import { within } from '../or-abort'
import { RouteError } from '../route-error'
import { createSleepWatch } from '../sleep-watch'

const LOOK_INTERVAL_MS = 500
/** A stage that computes for longer is asked whether it is still there; that costs it nothing. */
export const SILENT_AFTER_MS = 3_000
const CHECK_TIMEOUT_MS = 2_000

/** What a peer that is there may say beside that. */
export interface Sign {
  /** How far the session is there that it was asked about. */
  readonly progress?: StageProgress | undefined
  /** Sessions that run there now. */
  readonly sessions?: number | undefined
}

/** Asks a peer whether it serves, and about this session of ours; rejects when it does not answer. */
// biome-ignore lint/suspicious/noConfusingVoidType: most protocols have no more to say
export type CheckPeer = (peer: string, signal: AbortSignal, session?: string) => Promise<Sign | null | void>

export function isSilent(clock: Clock, peer: string, check: CheckPeer): Promise<boolean> {
  return within(clock, CHECK_TIMEOUT_MS, (signal) => check(peer, signal)).then(
    () => false,
    () => true,
  )
}

/**
 * A machine that sleeps or lost its network closes no stream. So when no answer comes for a while, all peers of the
 * route are asked; the first that is silent too is lost. Where all answer, what they say of the session tells more.
 */
export function watchSilence(options: {
  clock: Clock
  check: CheckPeer
  /** Time of the newest answer while one is awaited, else null. */
  waitingSince(): number | null
  peers(): readonly string[]
  session(): string | undefined
  onLost(error: RouteError): void
  /**
   * All are there.
   * @param signs in the order of the peers
   * @param waitingSinceMs since when an answer is awaited, or this computer is awake again
   */
  onAlive(signs: readonly Sign[], waitingSinceMs: number): void
}): Disposer {
  const { clock, check } = options
  const lastWokeAtMs = createSleepWatch(clock, LOOK_INTERVAL_MS)
  let askedAtMs = 0
  let isAsking = false
  const look = async () => {
    const wokeAtMs = lastWokeAtMs()
    const since = options.waitingSince()
    if (isAsking || since === null) return
    const waitingSinceMs = Math.max(since, wokeAtMs)
    if (clock.monotonicMs() - Math.max(waitingSinceMs, askedAtMs) < SILENT_AFTER_MS) return
    isAsking = true
    const peers = options.peers()
    const session = options.session()
    const outcomes = await Promise.allSettled(
      peers.map((peer) => within(clock, CHECK_TIMEOUT_MS, (signal) => check(peer, signal, session))),
    )
    isAsking = false
    askedAtMs = clock.monotonicMs()
    // What no answer came to while this computer slept was no silence.
    if (options.waitingSince() !== since || lastWokeAtMs() !== wokeAtMs) return
    const silent = peers.find((_, i) => outcomes[i]?.status === 'rejected')
    if (silent === undefined)
      options.onAlive(
        outcomes.map((outcome) => (outcome.status === 'fulfilled' && outcome.value) || {}),
        waitingSinceMs,
      )
    else options.onLost(new RouteError('STAGE_LOST', `${silent} (it does not answer)`, silent))
  }
  return clock.every(LOOK_INTERVAL_MS, () => void look())
}
