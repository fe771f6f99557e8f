import * as z from 'zod/mini'

const count = z.int().check(z.minimum(0))

/** What this computer gave on one day of its own calendar. */
export const DayGivenSchema = z.object({
  /** `2026-11-21`. */
  day: z.string().check(z.regex(/^\d{4}-\d\d-\d\d$/)),
  /** Tokens computed for others, and conversations of others. */
  tokens: count,
  requests: count,
  /** How long a node ran. */
  runningMs: z.number().check(z.minimum(0)),
})
export type DayGiven = z.infer<typeof DayGivenSchema>

export const DAYS_SHOWN = 7

/** The last seven days with today at the end. Days before `firstDay` were not counted; null: no day was. */
export const WeekGivenSchema = z.object({
  days: z.array(DayGivenSchema).check(z.length(DAYS_SHOWN)),
  firstDay: z.nullable(z.string().check(z.maxLength(10))),
})
export type WeekGiven = z.infer<typeof WeekGivenSchema>
