import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import type { StageRunner } from '../pipeline/stage-runner'

/** One caller's sequence in our cache. */
export interface ServedSession {
  readonly peer: string
  readonly runner: StageRunner
  /** Its place in the cache, once it has one. */
  sequence: number | null
  /** Rows so far: the position that comes next. */
  position: number
  /** The answer before: a caller that lost it asks the same again, and nothing may be computed twice. */
  last: { position: number; digest: string; reply: Uint8Array } | null
  usedAtMs: number
  /** Calls of a session run one after the other. */
  turn: Promise<unknown>
  waiting: number
  /** Aborts when the session ends, with why: whoever waits for its rows need not wait for the engine. */
  readonly ending: AbortController
}

/** KwaaiNet's own nodes forget a session after as long. */
const IDLE_MS = 60_000
/** Nobody says when a session is over, so one that rests gives way to the next. */
const GIVES_WAY_AFTER_MS = 5_000
const SWEEP_INTERVAL_MS = 10_000
const MAX_SESSIONS = 256
const MAX_SESSIONS_PER_PEER = 16
const MAX_WAITING_CALLS = 8
/** A place that was given back is free when the engine has cleared it. */
const CLEARING = { stepMs: 20, steps: 50 } as const

/** The sequences that callers of the inference protocol hold here; bounded, and given back when they rest. */
export function createServedSessions(clock: Clock, onCount: (active: number) => void) {
  const sessions = new Map<string, ServedSession>()

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

  /** A free sequence; where none is, that of the session that has rested longest. Throws SESSION_LIMIT. */
  async function lease(session: ServedSession): Promise<void> {
    let isClearing = session.sequence !== null
    giveBack(session)
    for (let step = 0; ; step++) {
      try {
        session.sequence = session.runner.openSequence()
        return
      } catch (error) {
        if (!isErrorCode(error, 'SESSION_LIMIT') || step >= CLEARING.steps) throw error
        isClearing ||= evict()
        if (!isClearing) throw error
      }
      await clock.sleep(CLEARING.stepMs)
      session.ending.signal.throwIfAborted()
    }
  }

  function evict(): boolean {
    const [longest] = [...sessions]
      .filter(([, { waiting, usedAtMs }]) => waiting === 0 && clock.monotonicMs() - usedAtMs >= GIVES_WAY_AFTER_MS)
      .sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs)
    if (!longest) return false
    end(...longest)
    return true
  }

  function admit(key: string, peer: string, runner: StageRunner): ServedSession {
    const ofPeer = [...sessions.values()].filter((session) => session.peer === peer).length
    if (ofPeer >= MAX_SESSIONS_PER_PEER || sessions.size >= MAX_SESSIONS)
      throw new EspalierError('SESSION_LIMIT', `${ofPeer} of this peer, ${sessions.size} in all`)
    const session: ServedSession = {
      ...{ peer, runner, sequence: null, position: 0, last: null, usedAtMs: clock.monotonicMs() },
      ...{ turn: Promise.resolve(), waiting: 0, ending: new AbortController() },
    }
    sessions.set(key, session)
    onCount(sessions.size)
    return session
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
    async run<T>(
      at: { peer: string; sessionId: bigint; runner: StageRunner; isFirst: boolean },
      work: (session: ServedSession) => Promise<T>,
    ): Promise<T> {
      const key = keyOf(at.peer, at.sessionId)
      const known = sessions.get(key)
      if (known && known.runner !== at.runner) end(key, known)
      const session = sessions.get(key) ?? (at.isFirst ? admit(key, at.peer, at.runner) : null)
      if (!session) throw unknownSession()
      if (session.waiting >= MAX_WAITING_CALLS) throw new EspalierError('SESSION_LIMIT', 'too many calls of a session')
      session.waiting++
      const before = session.turn
      const turn = (async () => {
        await before
        try {
          session.ending.signal.throwIfAborted()
          if (session.sequence === null) await lease(session)
          return await work(session)
        } catch (error) {
          end(key, session, error)
          throw error
        } finally {
          session.waiting--
          session.usedAtMs = clock.monotonicMs()
        }
      })()
      session.turn = turn.catch(() => undefined)
      return untilEnded(turn, session.ending.signal)
    },
    /** What computes this session; null where there is none. */
    runnerOf: (peer: string, sessionId: bigint): StageRunner | null =>
      sessions.get(keyOf(peer, sessionId))?.runner ?? null,
    /** Forgets what was computed: the next rows are the first. */
    async restart(session: ServedSession): Promise<void> {
      await lease(session)
      session.position = 0
      session.last = null
    },
    endOf: (peer: string) => endAllOf((session) => session.peer === peer),
    endAll: (why: EspalierError) => endAllOf(() => true, why),
    stop(): void {
      stopSweep()
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
