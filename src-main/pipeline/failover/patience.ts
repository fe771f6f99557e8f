import type { RouteStage } from '../route'
import type { Sign } from './silence'
import { findStall, type Outgoing, type Stall } from './stall'

/** As long as any stage may take for a step. */
const FAIR_MS = 10_000
/** A stage may dial the next one for 10 s before it says that it can't. */
const FAIR_TO_OPEN_MS = 12_000
/** Of a row between two stages, 16 kB or so, on a slow line; in single precision it is twice that. */
const WAY_MS = 100
const LONGEST_MS = 40_000
/** What is forecast may be twice as much. */
const MARGIN = 2
/** Rows of another session that may be sent or computed before ours: a chunk of a prompt each. */
const TURN_ROWS = 128
const MAX_TURNS = 16
const MAX_ROWS = 512

interface Looked {
  readonly route: readonly RouteStage[]
  readonly signs: readonly Sign[]
  readonly outgoing: Outgoing
  readonly waitingSinceMs: number
  readonly nowMs: number
}

/**
 * How long a session that does not go on is waited for. Each batch that any stage finishes gives all of them another fair
 * time: 10 s, and more for a stage whose blocks take long by what is known of it, for rows that are on their way, and where
 * other sessions have their turns. What a stage says only buys time, 40 s a batch at most; it does not put the end off for good.
 */
export function createPatience(options: {
  /** Time for a token through the blocks of a stage, ms; null where nobody knows. */
  paceMs: (stage: RouteStage) => number | null
  /** Batches of the session that end at or before this row. */
  batchesUntil: (row: number) => number
  /** Hidden states travel in single precision. */
  isExact: boolean
}) {
  const wayMs = options.isExact ? 2 * WAY_MS : WAY_MS
  const done = new Map<string, number>()
  let grewAtMs = 0
  let lookedAtWaitMs: number | null = null

  function noteGrowth({ route, signs, nowMs, waitingSinceMs }: Looked): void {
    // What the first look of a wait finds done may have been so before it began.
    const isNews = waitingSinceMs === lookedAtWaitMs
    lookedAtWaitMs = waitingSinceMs
    for (const [index, { peer }] of route.entries()) {
      const progress = signs[index]?.progress
      if (!progress) continue
      const opened = progress.stands === 'open' ? 2 : Number(progress.stands === 'opening')
      const now = opened + options.batchesUntil(progress.computed)
      if (now <= (done.get(peer) ?? 0)) continue
      done.set(peer, now)
      if (isNews) grewAtMs = nowMs
    }
  }

  function fairMs({ stage, teller, rowsOnWay = 0 }: Stall, { route, signs }: Looked): number {
    const place = route[stage]
    const { progress, sessions = 1 } = signs[stage] ?? {}
    if (progress && progress.stands !== 'open') return FAIR_TO_OPEN_MS
    if (rowsOnWay > 0) {
      const most = Math.max(sessions, signs[teller ?? stage]?.sessions ?? 1)
      return Math.min(LONGEST_MS, FAIR_MS + wayMs * (rowsOnWay + turnRows(most)))
    }
    const pace = place && teller === null ? options.paceMs(place) : null
    if (pace === null || !progress) return FAIR_MS
    const rows = Math.min(MAX_ROWS, progress.received - progress.computed)
    // What it announces of itself may be infinite, and that times nothing would be no number.
    const rowMs = pace < LONGEST_MS ? pace : LONGEST_MS
    return Math.min(LONGEST_MS, Math.max(FAIR_MS, MARGIN * rowMs * (rows + turnRows(sessions))))
  }

  return {
    /** The stage whose time is over; 'goes on' while there is some left, 'untold' where nothing tells. */
    judge(looked: Looked): Stall | 'goes on' | 'untold' {
      noteGrowth(looked)
      const stall = findStall(
        looked.signs.map(({ progress }) => progress ?? null),
        looked.outgoing,
      )
      if (!stall) return 'untold'
      const sinceMs = Math.max(looked.waitingSinceMs, grewAtMs)
      return looked.nowMs - sinceMs >= fairMs(stall, looked) ? stall : 'goes on'
    },
    /** Another chain begins. */
    restart(): void {
      done.clear()
    },
  }
}

function turnRows(sessions: number): number {
  return TURN_ROWS * Math.min(MAX_TURNS, Math.max(0, sessions - 1))
}
