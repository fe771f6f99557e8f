import type { Clock } from '../../../src-shared/clock'
import type { ErrorCode } from '../../../src-shared/error-catalogue'
import { createBoundedMap } from './bounded-map'

/** What a peer did, or was found to have done. */
export interface Incident {
  readonly at: number
  readonly code: ErrorCode
  /** One sentence, with the particulars: what its owner is shown. */
  readonly cause: string
  /** Failures that this one counts as. */
  readonly weight: number
}

export interface Standing {
  readonly peer: string
  /** Share of what this peer was asked that it did, newer things counting more: 0…1. */
  readonly score: number
  /** Until when no session is given to it, by the clock's `now`; null when it may be asked. */
  readonly quarantinedUntil: number | null
  /** The quarantine is over, and one session tries whether it does again. */
  readonly isProbed: boolean
  /** The newest, oldest first. */
  readonly incidents: readonly Incident[]
}

interface Account {
  good: number
  bad: number
  /** Of `good` and `bad`, by the monotonic clock. */
  weighedAtMs: number
  failuresInRow: number
  quarantines: number
  /** By the monotonic clock. */
  quarantinedUntilMs: number | null
  probedAtMs: number | null
  /** Of the newest failure that no service followed, by the monotonic clock. */
  failedAtMs: number | null
  incidents: Incident[]
}

const MAX_PEERS = 10_000
const MAX_INCIDENTS = 8
const HALF_LIFE_MS = 600_000
/** What is assumed of a peer that nobody knows: 9 of 10. */
const ASSUMED = { good: 1.8, bad: 0.2 }
const FAILURES_TO_QUARANTINE = 5
const QUARANTINE_MS = { first: 30_000, longest: 60_000 }
/** A probe that brought no answer by then is forgotten, and another may try. */
const PROBE_MS = 30_000
const DOUBTED_MS = 30_000
const MAX_CAUSE = 300

/**
 * How far peers can be relied on, from what this node saw of them. Five failures in a row: quarantine for 30 s, then
 * one session as a probe; a failed probe: 60 s. Scores are ours alone; nothing of it is told to others as a fact.
 */
export function createPeerScores(clock: Clock, listener: (standing: Standing) => void = () => undefined) {
  const accounts = createBoundedMap<Account>(MAX_PEERS)

  function accountOf(peer: string): Account {
    const known = accounts.get(peer)
    const nowMs = clock.monotonicMs()
    if (known) {
      const kept = 0.5 ** ((nowMs - known.weighedAtMs) / HALF_LIFE_MS)
      known.good *= kept
      known.bad *= kept
      known.weighedAtMs = nowMs
      return known
    }
    const account: Account = {
      ...{ good: 0, bad: 0, weighedAtMs: nowMs, failuresInRow: 0, quarantines: 0 },
      ...{ quarantinedUntilMs: null, probedAtMs: null, failedAtMs: null, incidents: [] },
    }
    accounts.set(peer, account)
    return account
  }

  function standing(peer: string): Standing {
    if (accounts.get(peer) === undefined) return unknownPeer(peer)
    const account = accountOf(peer)
    const { good, bad, quarantinedUntilMs, probedAtMs } = account
    const leftMs = (quarantinedUntilMs ?? 0) - clock.monotonicMs()
    return {
      peer,
      score: (good + ASSUMED.good) / (good + bad + ASSUMED.good + ASSUMED.bad),
      quarantinedUntil: quarantinedUntilMs !== null && leftMs > 0 ? clock.now() + leftMs : null,
      isProbed: probedAtMs !== null,
      incidents: [...account.incidents],
    }
  }

  function quarantine(account: Account): void {
    const { first, longest } = QUARANTINE_MS
    account.quarantinedUntilMs = clock.monotonicMs() + Math.min(longest, first * 2 ** account.quarantines)
    account.quarantines++
    account.probedAtMs = null
  }

  return {
    standing,
    /** Peers of which there is something to tell: an incident or a quarantine. */
    notable(): Standing[] {
      return [...accounts.entries()].filter(([, { incidents }]) => incidents.length > 0).map(([peer]) => standing(peer))
    },
    served(peer: string, answers: number): void {
      const account = accountOf(peer)
      account.good += Math.min(answers, 10)
      account.failuresInRow = 0
      account.failedAtMs = null
      account.quarantinedUntilMs = null
      account.probedAtMs = null
      account.quarantines = 0
    },
    failed(peer: string, code: ErrorCode, cause: string, weight = 1): void {
      const account = accountOf(peer)
      account.bad += weight
      account.failuresInRow += weight
      account.failedAtMs = clock.monotonicMs()
      account.incidents.push({ at: clock.now(), code, cause: cause.slice(0, MAX_CAUSE), weight })
      if (account.incidents.length > MAX_INCIDENTS) account.incidents.shift()
      // The row goes on through a quarantine, so that a probe which fails is the next one at once.
      if (account.failuresInRow >= FAILURES_TO_QUARANTINE) quarantine(account)
      listener(standing(peer))
    },
    /** Whether a session may go there. During a quarantine: no. After it: only while nobody else is trying. */
    mayAsk(peer: string): boolean {
      const account = accounts.get(peer)
      if (!account || account.quarantinedUntilMs === null) return true
      const nowMs = clock.monotonicMs()
      if (nowMs < account.quarantinedUntilMs) return false
      return account.probedAtMs === null || nowMs - account.probedAtMs >= PROBE_MS
    },
    /** It failed lately and has served nobody since: half a minute for each failure in a row. A quarantine is instead of that. */
    isDoubtful(peer: string): boolean {
      const { failedAtMs = null, quarantinedUntilMs = null, failuresInRow = 0 } = accounts.get(peer) ?? {}
      if (failedAtMs === null || quarantinedUntilMs !== null) return false
      return clock.monotonicMs() - failedAtMs < failuresInRow * DOUBTED_MS
    },
    /** A session goes there now: after a quarantine it is the only one until it succeeded or failed. */
    asked(peer: string): void {
      const account = accounts.get(peer)
      if (account && account.quarantinedUntilMs !== null) account.probedAtMs = clock.monotonicMs()
    },
    get size(): number {
      return accounts.size
    },
  }
}

function unknownPeer(peer: string): Standing {
  const score = ASSUMED.good / (ASSUMED.good + ASSUMED.bad)
  return { peer, score, quarantinedUntil: null, isProbed: false, incidents: [] }
}

export type PeerScores = ReturnType<typeof createPeerScores>
