import { lastDays } from '../../src-shared/clock'
import { DAYS_SHOWN, type WeekGiven } from '../../src-shared/contribution'

const HOUR = 3_600_000
const TOKENS = [212_400, 318_900, 287_050, 401_200, 96_300, 354_700, 271_800]
const HOURS = [21.5, 24, 24, 23.2, 7.4, 24, 14.1]

/** A week of a node with many guests. */
export function weekOf(at: number): WeekGiven {
  const days = lastDays(at, DAYS_SHOWN).map((day, index) => ({
    day,
    tokens: TOKENS[index] ?? 0,
    requests: Math.round((TOKENS[index] ?? 0) / 461),
    runningMs: (HOURS[index] ?? 0) * HOUR,
  }))
  return { days, firstDay: days[0]?.day ?? null }
}

/** The first day of a new node. */
export function firstDayOf(at: number): WeekGiven {
  const days = weekOf(at).days.map((day, index) =>
    index === DAYS_SHOWN - 1
      ? { ...day, tokens: 1_204, requests: 3, runningMs: 0.6 * HOUR }
      : { ...day, tokens: 0, requests: 0, runningMs: 0 },
  )
  return { days, firstDay: days.at(-1)?.day ?? null }
}

/** Nothing was ever given. */
export function emptyWeekOf(at: number): WeekGiven {
  const days = weekOf(at).days.map(({ day }) => ({ day, tokens: 0, requests: 0, runningMs: 0 }))
  return { days, firstDay: null }
}
