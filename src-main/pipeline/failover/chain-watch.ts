import type { Clock, Disposer } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import type { EntrySession } from '../entry-sessions'
import type { RouteStage } from '../route'
import { RouteError } from '../route-error'
import { createPatience } from './patience'
import { type CheckPeer, type Sign, watchSilence } from './silence'
import type { Stall } from './stall'

/** For opening a session where no stage says how far it is. */
const OPEN_LIMIT_MS = 20_000
/** Where several may be to blame, each of them is half. */
const SHARED = 0.5

/** What the session that is watched is about to do. */
export interface Watched {
  readonly route: readonly RouteStage[]
  /** Names the chain that is there, or is being opened. */
  readonly id: string
  /** Null while it is being opened. */
  readonly session: EntrySession | null
  /** False while this node itself is busy with what comes before the first stage is asked to open it. */
  readonly isAsked: boolean
  /** Since when something is awaited of the chain, else null; by the monotonic clock. */
  readonly waitingSinceMs: number | null
  readonly losses: readonly RouteError[]
}

/** Looks after a session that waits: who is silent, who does not go on, and who may be to blame where nothing tells. */
export interface ChainWatch {
  /** When the session was last seen to go on other than by an answer. */
  readonly goesOnAtMs: number
  /** When all stages of the route answered last. */
  readonly aliveAtMs: number
  goesOn(): void
  /** The route changes; with `isNew` all of it is opened anew. */
  moves(isNew: boolean): void
  /** No answer came, and nobody could be found whose fault it is: the next request shall rather go to others. */
  late(): void
  stop: Disposer
}

export function watchChain(options: {
  clock: Clock
  check: CheckPeer
  /** This node, where it may be a stage of its own route. */
  self: string | undefined
  watched: () => Watched
  paceMs: (stage: RouteStage) => number | null
  batchesUntil: (row: number) => number
  /** Hidden states travel in single precision. */
  isExact: boolean
  /** Ends the waiting; with a RouteError its peer is left. */
  interrupt: (error: EspalierError) => void
  onLost: ((peer: string, error: EspalierError, weight: number) => void) | undefined
}): ChainWatch {
  const { clock, watched, interrupt } = options
  const patience = createPatience(options)
  /** What the stages of the route said of themselves, in their order. */
  let signs: readonly Sign[] = []
  let goesOnAtMs = clock.monotonicMs()
  let aliveAtMs = Number.NEGATIVE_INFINITY

  function late(): void {
    const { route, isAsked } = watched()
    const others = route.map(({ peer }, i) => ({ peer, isTold: signs[i]?.progress !== undefined }))
    const foreign = others.filter(({ peer }) => peer !== options.self)
    const untold = foreign.filter(({ isTold }) => !isTold)
    for (const { peer } of untold.length > 0 || !isAsked ? untold : foreign) {
      const words = `${peer} (no answer came through it, and it does not say how far it is)`
      options.onLost?.(peer, new RouteError('TIMED_OUT', words, peer), SHARED)
    }
  }

  function onAlive(told: readonly Sign[], waitingSinceMs: number): void {
    const nowMs = clock.monotonicMs()
    const { route, session, isAsked, losses } = watched()
    signs = told
    aliveAtMs = nowMs
    const { sentRows = 0, heldUpBy = null } = session?.outgoing ?? {}
    const held = route.findIndex(({ peer }) => peer === heldUpBy)
    const outgoing = { sentRows, heldUpBy: held < 0 ? null : held }
    // Nobody can know a session that was not told of it.
    const stall = isAsked ? patience.judge({ route, signs, outgoing, waitingSinceMs, nowMs }) : 'untold'
    if (stall === 'goes on') goesOnAtMs = nowMs
    else if (stall !== 'untold') interrupt(stallError(route, stall, losses))
    else if (session === null && nowMs - waitingSinceMs >= OPEN_LIMIT_MS) {
      late()
      interrupt(new EspalierError('TIMED_OUT', `the session did not open within ${OPEN_LIMIT_MS / 1000} s`))
    }
  }

  const stop = watchSilence({
    ...{ clock, check: options.check, onLost: interrupt, onAlive },
    session() {
      const { session, id } = watched()
      // Over other protocols than ours there is no session at the stages to ask about.
      return session && !session.outgoing ? undefined : id
    },
    waitingSince: () => watched().waitingSinceMs,
    peers: () => watched().route.map(({ peer }) => peer),
  })

  return {
    get goesOnAtMs() {
      return goesOnAtMs
    },
    get aliveAtMs() {
      return aliveAtMs
    },
    goesOn() {
      goesOnAtMs = clock.monotonicMs()
    },
    moves(isNew) {
      signs = []
      if (isNew) patience.restart()
    },
    late,
    stop,
  }
}

/** Who is left for a stall: not twice on the word of the same neighbour, who is the one then. */
function stallError(
  route: readonly RouteStage[],
  { stage, teller, words }: Stall,
  before: readonly RouteError[],
): RouteError {
  const accused = route[stage]?.peer ?? ''
  const toldBy = teller === null ? undefined : route[teller]?.peer
  const isAgain = before.some((error) => error.code === 'TIMED_OUT' && error.toldBy !== null && error.toldBy === toldBy)
  if (toldBy !== undefined && isAgain) {
    const again = `${toldBy} (nobody gets what it says that it passes on)`
    return new RouteError('TIMED_OUT', again, toldBy)
  }
  return new RouteError('TIMED_OUT', `${accused} (it answers, but ${words})`, accused, { toldBy })
}
