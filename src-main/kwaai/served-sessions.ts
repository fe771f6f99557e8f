import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { PlaceLeases } from '../pipeline/place-leases'
import { PATIENCE_MS, type PlaceAsker, type PlaceHolder } from '../pipeline/places'
import type { StageRunner } from '../pipeline/stage-runner'

/** One caller's sequence in our cache. */
export interface ServedSession extends PlaceHolder {
  readonly sessionId: bigint
  readonly runner: StageRunner
  /** Its place in the cache, once it has one. */
  sequence: number | null
  /** Rows so far: the position that comes next. */
  position: number
  /** The answer before: a caller that lost it asks the same again, and nothing may be computed twice. */
  last: { position: number; digest: string; reply: Uint8Array } | null
  usedAtMs: number
  idleSinceMs: number | null
  patienceMs: number
  /** Calls of a session run one after the other. */
  turn: Promise<unknown>
  waiting: number
  /** Aborts when the session ends, with why: whoever waits for its rows need not wait for the engine. */
  readonly ending: AbortController
}

/** Whose call it is, to which session of its own, and what computes it. */
interface At {
  readonly who: PlaceAsker
  readonly sessionId: bigint
  readonly runner: StageRunner
  readonly isFirst: boolean
}

/** KwaaiNet's own nodes forget a session after as long. */
const IDLE_MS = 60_000
/** Nobody says when a session is over, so one that rests gives way to the next. */
const MAY_REST_MS = 5_000
const SWEEP_INTERVAL_MS = 10_000
const MAX_SESSIONS = 256
const MAX_SESSIONS_PER_PEER = 16
const MAX_WAITING_CALLS = 8

/**
 * The sequences that callers of the inference protocol hold here; bounded, and given back when they rest. Their places are
 * those of the pipeline's sessions, by the same rules (places.ts).
 */
export function createServedSessions(options: {
  clock: Clock
  leases: PlaceLeases
  onCount: (active: number) => void
}) {
  const { clock, leases, onCount } = options
  const sessions = new Map<string, ServedSession>()
  const stopCounting = leases.count(
    (runner) => [...sessions.values()].filter((one) => one.runner === runner && one.sequence !== null),
    (session, why) => end(keyOf(session.asker, session.sessionId), session, why),
  )

  function end(key: string, session: ServedSession, why: unknown = unknownSession()): void {
    if (session.ending.signal.aborted) return
    session.ending.abort(why)
    sessions.delete(key)
    giveBack(session)
    onCount(sessions.size)
  }

  function giveBack(session: ServedSession): void {
    if (session.sequence !== null) session.runner.closeSequence(session.sequence)
    session.sequence = null
  }

  function endAllOf(matches: (session: ServedSession) => boolean, why?: EspalierError): void {
    for (const [key, session] of [...sessions]) if (matches(session)) end(key, session, why)
  }

  function admit(key: string, { who, sessionId, runner }: At): ServedSession {
    const ofPeer = [...sessions.values()].filter((session) => session.asker === who.asker).length
    if (ofPeer >= MAX_SESSIONS_PER_PEER || sessions.size >= MAX_SESSIONS)
      throw new EspalierError('SESSION_LIMIT', `${ofPeer} of this peer, ${sessions.size} in all`)
    const nowMs = clock.monotonicMs()
    const session: ServedSession = {
      ...{ ...who, sessionId, runner, sequence: null, position: 0, last: null },
      ...{ openedAtMs: nowMs, usedAtMs: nowMs, idleSinceMs: nowMs, patienceMs: PATIENCE_MS, mayRestMs: MAY_REST_MS },
      ...{ turn: Promise.resolve(), waiting: 0, ending: new AbortController() },
    }
    sessions.set(key, session)
    onCount(sessions.size)
    return session
  }

  function begins(session: ServedSession): void {
    if (session.idleSinceMs !== null) session.patienceMs -= clock.monotonicMs() - session.idleSinceMs
    session.idleSinceMs = null
    session.waiting++
  }

  function ends(session: ServedSession): void {
    session.waiting--
    session.usedAtMs = clock.monotonicMs()
    if (session.waiting === 0) session.idleSinceMs = session.usedAtMs
  }

  const stopSweep = clock.every(SWEEP_INTERVAL_MS, () =>
    endAllOf(({ usedAtMs, waiting }) => waiting === 0 && clock.monotonicMs() - usedAtMs > IDLE_MS),
  )

  return {
    get count() {
      return sessions.size
    },
    /**
     * Runs `work` with the session of this id, when its turn comes; the first rows of a sequence open one. What `work`
     * throws ends the session. Throws SESSION_UNKNOWN, SESSION_LIMIT, and why the session ended as soon as it does.
     */
    async run<T>(at: At, work: (session: ServedSession) => Promise<T>): Promise<T> {
      const key = keyOf(at.who.asker, at.sessionId)
      const known = sessions.get(key)
      if (known && known.runner !== at.runner) end(key, known)
      const session = sessions.get(key) ?? (at.isFirst ? admit(key, at) : null)
      if (!session) throw unknownSession()
      if (session.waiting >= MAX_WAITING_CALLS) throw new EspalierError('SESSION_LIMIT', 'too many calls of a session')
      begins(session)
      const before = session.turn
      const turn = (async () => {
        await before
        try {
          session.ending.signal.throwIfAborted()
          session.sequence ??= leases.lease(session.runner, session)
          return await work(session)
        } catch (error) {
          end(key, session, error)
          throw error
        } finally {
          ends(session)
        }
      })()
      session.turn = turn.catch(() => undefined)
      return untilEnded(turn, session.ending.signal)
    },
    /** What computes this session; null where there is none. */
    runnerOf: (peer: string, sessionId: bigint): StageRunner | null =>
      sessions.get(keyOf(peer, sessionId))?.runner ?? null,
    /** Forgets what was computed: the next rows are the first, in the same place. */
    restart(session: ServedSession): void {
      giveBack(session)
      session.sequence = session.runner.openSequence()
      session.position = 0
      session.last = null
    },
    endOf: (peer: string) => endAllOf((session) => session.asker === peer),
    endAll: (why: EspalierError) => endAllOf(() => true, why),
    stop(): void {
      stopSweep()
      stopCounting()
      endAllOf(() => true)
    },
  }
}

function keyOf(peer: string, sessionId: bigint): string {
  return `${peer}/${sessionId}`
}

/** Resolves as `turn` does, or rejects with the signal's reason as soon as it aborts. */
function untilEnded<T>(turn: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onEnd = () => reject(signal.reason)
    signal.addEventListener('abort', onEnd, { once: true })
    turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', onEnd))
  })
}

function unknownSession(): EspalierError {
  return new EspalierError('SESSION_UNKNOWN', 'begin again at position 0')
}
