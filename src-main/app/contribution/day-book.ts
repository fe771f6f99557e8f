import type { DayGiven } from '../../../src-shared/contribution'
import type { NodeStatus } from '../../../src-shared/status'

/** So many days are kept: more than are shown, for a computer whose clock was wrong for a while. */
export const MAX_DAYS = 31
/** Between two looks the computer may have slept; that is not time that it gave. */
export const LONGEST_LOOK_MS = 120_000

/** What a node said last: its counts begin anew with each start. */
export type Counted = Pick<NodeStatus['contribution'], 'requests' | 'tokens' | 'upSince'>

/** What came between two looks. `elapsedMs` by a clock that never goes back. */
export function givenBetween(
  before: Counted | null,
  now: Counted,
  elapsedMs: number,
): Pick<DayGiven, 'tokens' | 'requests' | 'runningMs'> {
  const isSameRun = before !== null && before.upSince === now.upSince
  const grown = (name: 'tokens' | 'requests') => Math.max(0, now[name] - (isSameRun ? before[name] : 0))
  const ran = isSameRun && now.upSince !== null
  return {
    tokens: grown('tokens'),
    requests: grown('requests'),
    runningMs: ran ? Math.min(Math.max(0, elapsedMs), LONGEST_LOOK_MS) : 0,
  }
}

/** The same days with something added to one of them; the newest are kept. */
export function withGiven(
  days: readonly DayGiven[],
  day: string,
  given: ReturnType<typeof givenBetween>,
): readonly DayGiven[] {
  if (given.tokens === 0 && given.requests === 0 && given.runningMs === 0) return days
  const known = days.find((one) => one.day === day) ?? { day, tokens: 0, requests: 0, runningMs: 0 }
  const sum: DayGiven = {
    day,
    tokens: known.tokens + given.tokens,
    requests: known.requests + given.requests,
    runningMs: known.runningMs + given.runningMs,
  }
  return [...days.filter((one) => one.day !== day), sum]
    .toSorted((one, other) => (one.day < other.day ? -1 : 1))
    .slice(-MAX_DAYS)
}
