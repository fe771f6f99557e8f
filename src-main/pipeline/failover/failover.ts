import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, messageOf } from '../../../src-shared/errors'
import type { EntrySession, OpenSessionOptions } from '../entry-sessions'
import type { ResultFrame } from '../frames'
import type { Mended } from '../mending/entry-mender'
import { orAbort, within } from '../or-abort'
import type { RouteStage } from '../route'
import { RouteError } from '../route-error'
import { createBlame } from './blame'
import { watchChain } from './chain-watch'
import { gapAfter, gapError, lostPeer, refusedByAll } from './movable'
import { replacedStage } from './replacement'
import { replay } from './replay'
import { createReplayRecord } from './replay-record'
import type { CheckPeer } from './silence'

/** A peer that a session was led round, at its opening or in the middle of its answer. */
export interface Move {
  /** Who was left, and why. */
  readonly lost: RouteStage
  readonly error: ErrorReport
  /** Rows that were computed again, by the new stage alone or by all of them. */
  readonly replayedRows: number
  readonly recomputedBy: 'stage' | 'chain'
  /** Answers that came out differently the second time; 0 where both compute alike, null where none came again. */
  readonly differentAnswers: number | null
  /** From the loss until the new chain was where the old one had been. */
  readonly elapsedMs: number
}

/** Gives chains. Throws CHAIN_INCOMPLETE, with the blocks that are missing. */
export interface RouteChooser {
  /** @param avoid peers that this session has lost @param isFresh look at the network again first */
  choose(avoid: ReadonlySet<string>, isFresh: boolean, signal: AbortSignal): Promise<RouteStage[]>
  /** The same chain with another peer for one stage. Absent where chains are not mended. Throws CHAIN_INCOMPLETE. */
  replace?(
    lost: RouteStage,
    route: readonly RouteStage[],
    avoid: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<RouteStage[]>
  /** Time for a token through the blocks of a stage, ms; null where nobody knows. */
  paceMs?(stage: RouteStage): number | null
}

export interface FailoverEvents {
  /** @param weight failures that it counts as: half of one where two share a doubt */
  onLost(peer: string, error: EspalierError, weight: number): void
  /** The session waits: a stage was left before answer `answer` (from 1), and another one is looked for. */
  onLeave(lost: RouteStage, error: ErrorReport, answer: number): void
  /** A session ended in order: these peers answered `answers` times. */
  onServed(route: readonly RouteStage[], answers: number): void
  /** It goes on with that answer, on `route`. */
  onMove(move: Move, route: readonly RouteStage[], answer: number): void
}

/** A session that may change its route; its consumer sees one uninterrupted sequence of answers. */
export interface MovingSession extends EntrySession {
  readonly moves: readonly Move[]
}

const PATIENCE_MS = 6_000
/** Without a replica the asker hears of it within 10 s of the last sign of life: finding it out may take 5.5 s of that. */
const SILENCE_TO_END_MS = 8_500
/** Somebody may be found in this time, whenever it begins. */
const LAST_LOOK_MS = 1_000
const RETRY_MS = 250
/** Soon enough for a place that is kept for who was refused (places.ts). */
const BUSY_RETRY_MS = 1_000
const MAX_LOSSES = 16

/**
 * Opens sessions that survive the loss of a node: the session goes on with a replica of its blocks. Where its neighbours
 * have kept what they need, it alone computes again; elsewhere a new chain replays the same batches. Each peer is left at most
 * once (twice when it was left on a neighbour's word alone), so a session can't go in circles.
 */
export function createFailover(options: {
  open: (session: OpenSessionOptions) => Promise<EntrySession>
  routes: RouteChooser
  check: CheckPeer
  clock: Clock
  /** This node, where it may be a stage of its own route. */
  self?: string
  events?: Partial<FailoverEvents>
  /** How long a missing block may take to appear again, ms. */
  patienceMs?: number
}): {
  openSession(session: Omit<OpenSessionOptions, 'route'> & { route?: readonly RouteStage[] }): Promise<MovingSession>
} {
  const { clock, events = {}, patienceMs = PATIENCE_MS } = options

  return {
    async openSession(asked) {
      const record = createReplayRecord(asked.contextTokens)
      const avoid = new Set<string>()
      const moves: Move[] = []
      const losses: RouteError[] = []
      /** Left because they had no place: they may have one in a moment, and keep it for who comes again. */
      const busy = new Set<string>()
      const blame = createBlame(clock, options.check, events.onLost)
      let left: { lost: RouteStage; error: ErrorReport; atMs: number }[] = []
      const ending = new AbortController()
      let ended: EspalierError | null = null
      let current: EntrySession | null = null
      let route: readonly RouteStage[] = []
      let heardAtMs: number | null = null
      /** Names the chain that is there, or is being opened. */
      let id = ''
      let opening: AbortController | null = null
      /** The first stage was told of it. */
      let isAsked = false
      /** What the newest look at the network found missing. */
      let gap: unknown = null
      let answersHere = 0
      let answers = 0

      /** Leaves the peer that the error is about; gives the error back when there is nobody to leave. */
      function leave(error: unknown): void {
        const lost = error instanceof RouteError && route.find(({ peer }) => peer === error.peer)
        if (ended || !lost) throw ended ?? error
        const isBusyStill = isErrorCode(error, 'SESSION_LIMIT') && busy.has(error.peer)
        if (isErrorCode(error, 'SESSION_LIMIT')) busy.add(error.peer)
        avoid.add(error.peer)
        if (isBusyStill) return
        losses.push(error)
        if (losses.length > MAX_LOSSES)
          throw refusedByAll(losses) ?? new EspalierError('CHAIN_INCOMPLETE', `too many losses; ${error.message}`)
        const report = error.report()
        watch.goesOn()
        left.push({ lost, error: report, atMs: clock.monotonicMs() })
        blame.lost(error)
        events.onLeave?.(lost, report, answers + 1)
      }

      function arrived(how: Pick<Move, 'replayedRows' | 'recomputedBy' | 'differentAnswers'>): void {
        for (const { lost, error, atMs } of left) {
          const elapsedMs = clock.monotonicMs() - atMs
          const made: Move = { lost, error, ...how, elapsedMs }
          moves.push(made)
          events.onMove?.(made, route, answers + 1)
        }
        blame.arrived(route.map(({ peer }) => peer))
        left = []
        busy.clear()
        watch.goesOn()
      }

      function interrupt(error: EspalierError): void {
        if (opening) opening.abort(error)
        else current?.fail(error)
      }

      /** Opening may take its time; meanwhile the stages are asked whether they are there. */
      async function open(stages: readonly RouteStage[], signal: AbortSignal): Promise<EntrySession> {
        const attempt = new AbortController()
        const onEnd = () => attempt.abort(signal.reason)
        signal.addEventListener('abort', onEnd, { once: true })
        if (signal.aborted) onEnd()
        current = null
        opening = attempt
        id = randomBytes(16).toString('hex')
        watch.moves(true)
        heardAtMs = clock.monotonicMs()
        isAsked = false
        const onAsked = () => {
          isAsked = true
          heardAtMs = clock.monotonicMs()
        }
        try {
          return await options.open({ ...asked, id, route: stages, keeps: true, signal: attempt.signal, onAsked })
        } finally {
          opening = null
          signal.removeEventListener('abort', onEnd)
        }
      }

      /** A look at the network for a chain. After a loss it ends in time for the asker to hear of it. */
      function choose(isFresh: boolean, untilMs: number | null, signal: AbortSignal): Promise<RouteStage[]> {
        const look = orAbort(options.routes.choose(avoid, isFresh, signal), signal)
        if (untilMs === null) return look
        const limitMs = Math.max(LAST_LOOK_MS, untilMs - clock.monotonicMs())
        return within(clock, limitMs, () => look).catch((error: unknown) => {
          throw isErrorCode(error, 'TIMED_OUT') ? (gap ?? gapAfter(losses)) : error
        })
      }

      /** A chain that is where the session was. Rejects when the patience is over or nothing else can help. */
      async function connect(
        loss: EspalierError | null,
        signal: AbortSignal,
        untilMs = clock.monotonicMs() + patienceMs,
      ): Promise<void> {
        let why = loss
        gap = null
        for (let attempt = 0; ; attempt++) {
          try {
            const isGiven = attempt === 0 && loss === null && asked.route
            route = isGiven || (await choose(attempt > 0, why && untilMs, signal))
            if (ended) throw ended
            current = await open(route, signal)
            if (ended) throw ended
            answersHere = 0
            heardAtMs = clock.monotonicMs()
            const differentAnswers = await replay(current, record)
            arrived({ replayedRows: record.rows, recomputedBy: 'chain', differentAnswers })
            return
          } catch (error) {
            heardAtMs = null
            await current?.close().catch(() => undefined)
            if (ended) throw ended
            if (signal.aborted) throw error
            const isOver = clock.monotonicMs() >= untilMs
            if (error instanceof RouteError || !isErrorCode(error, 'CHAIN_INCOMPLETE')) {
              // Busy is not lost: the old chain's places may not be free yet.
              const isBusy = isErrorCode(error, 'SESSION_LIMIT') && loss !== null && attempt < 4
              if (!isBusy) leave(error)
              if (error instanceof EspalierError) why ??= error
              // The next replica is tried at once.
              if (!isBusy) continue
            } else if (busy.size > 0 && !isOver) {
              for (const peer of busy) avoid.delete(peer)
              await clock.sleep(BUSY_RETRY_MS, signal).catch(() => undefined)
              continue
            } else {
              const doubt = await blame.nextDoubt(avoid)
              if (doubt) {
                avoid.delete(doubt.accused)
                avoid.add(doubt.accuser)
                continue
              }
              const refusal = refusedByAll(losses)
              if (refusal) throw refusal
              gap = error
              if (isOver) throw why ? gapError(error, why) : error
              if (why === null) throw error
            }
            await clock.sleep(RETRY_MS, signal).catch(() => undefined)
          }
        }
      }

      /** Another peer in the place of the lost one, while the others wait. False when the whole has to be replayed. */
      async function mend(): Promise<boolean> {
        for (;;) {
          const lost = route.find(({ peer }) => avoid.has(peer))
          if (!lost || !current?.mend) return false
          const before = route
          // Where no replacement can be found, whatever the reason, the whole is replayed, and that says why it fails.
          const replacing = options.routes.replace?.(lost, route, avoid, ending.signal)
          const chosen = replacing && (await orAbort(replacing, ending.signal).catch(() => null))
          if (ended) throw ended
          const replaced = chosen ? replacedStage(before, chosen) : null
          if (!chosen || replaced === null) return false
          route = chosen
          watch.moves(false)
          heardAtMs = clock.monotonicMs()
          try {
            arrived(howMended(await current.mend({ route, replaced, step: record.step })))
            answersHere = 0
            return true
          } catch (error) {
            if (ended) throw ended
            // Another replica may do; a second loss, and one that is busy, are for a chain of its own.
            if (lostPeer(error) !== route[replaced]?.peer || isErrorCode(error, 'SESSION_LIMIT')) return false
            leave(error)
          } finally {
            heardAtMs = null
          }
        }
      }

      async function move(error: unknown): Promise<void> {
        const nowMs = clock.monotonicMs()
        // A node that hangs was there no later than then; whatever else is said of one is news.
        const isGone = isErrorCode(error, 'STAGE_LOST')
        const aliveMs = isGone ? Math.max(watch.aliveAtMs, heardAtMs ?? nowMs) : nowMs
        const untilMs = Math.min(nowMs + patienceMs, aliveMs + SILENCE_TO_END_MS)
        heardAtMs = null
        leave(error)
        if (await mend()) return
        await current?.close().catch(() => undefined)
        await connect(error instanceof EspalierError ? error : null, ending.signal, untilMs)
      }

      const onAbort = () => ending.abort(asked.signal.reason)
      asked.signal.addEventListener('abort', onAbort, { once: true })
      if (asked.signal.aborted) onAbort()
      const watch = watchChain({
        ...{ clock, check: options.check, self: options.self, interrupt, onLost: events.onLost },
        ...{ batchesUntil: record.batchesUntil, paceMs: (stage) => options.routes.paceMs?.(stage) ?? null },
        isExact: asked.exact === true,
        watched: () => ({
          ...{ route, id, session: opening ? null : current, isAsked: opening === null || isAsked },
          ...{ waitingSinceMs: heardAtMs, losses },
        }),
      })
      try {
        await connect(null, ending.signal)
      } catch (error) {
        watch.stop()
        throw error
      } finally {
        // From here on `fail` and `close` end it: the signal was for the opening.
        asked.signal.removeEventListener('abort', onAbort)
      }

      return {
        moves,
        get goesOnAtMs() {
          return watch.goesOnAtMs
        },
        get route() {
          return route
        },
        async send(tokens, position, wantsAnswer) {
          if (ended) throw ended
          record.addStep({ tokens, position, wantsAnswer })
          // Back-pressure: a stage that falls silent must not be waited for without end.
          heardAtMs = clock.monotonicMs()
          try {
            await current?.send(tokens, position, wantsAnswer)
          } catch (error) {
            // It is in the record: who waits for the answer will move the session, and it is sent then.
            if (lostPeer(error) === null) throw error
          } finally {
            heardAtMs = null
          }
        },
        async nextResult(): Promise<ResultFrame> {
          for (;;) {
            heardAtMs = clock.monotonicMs()
            try {
              if (!current || ended) throw ended ?? new EspalierError('SESSION_UNKNOWN')
              const result = await current.nextResult()
              record.addAnswer(result.token)
              answersHere++
              answers++
              return result
            } catch (error) {
              await move(error).catch((fatal: unknown) => {
                ended ??= fatal instanceof EspalierError ? fatal : new EspalierError('INTERNAL', messageOf(fatal))
                throw fatal
              })
            } finally {
              heardAtMs = null
            }
          }
        },
        fail(error) {
          if (!ended && error.code === 'TIMED_OUT' && heardAtMs !== null) watch.late()
          ended ??= error
          ending.abort(error)
          current?.fail(error)
        },
        async close() {
          ended ??= new EspalierError('CANCELLED')
          watch.stop()
          ending.abort(ended)
          // To be interrupted is no failure of theirs.
          if (answersHere > 0 && ended.code === 'CANCELLED') events.onServed?.(route, answersHere)
          await current?.close()
        },
      }
    },
  }
}

function howMended({
  rows,
  repeated,
  different,
}: Mended): Pick<Move, 'replayedRows' | 'recomputedBy' | 'differentAnswers'> {
  return { replayedRows: rows, recomputedBy: 'stage', differentAnswers: repeated === 0 ? null : different }
}
