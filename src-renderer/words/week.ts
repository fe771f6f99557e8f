import { noonOfDay } from '../../src-shared/clock'
import type { DayGiven, WeekGiven } from '../../src-shared/contribution'
import { formatCount, formatSpan } from '../format'
import { inLocale } from '../locale'
import { say } from '.'

const weekday = dayFormat({ weekday: 'short' })
const rowDay = dayFormat({ weekday: 'short', day: 'numeric', month: 'short' })
const wholeDay = dayFormat({ weekday: 'long', day: 'numeric', month: 'long' })

function dayFormat(options: Intl.DateTimeFormatOptions) {
  return inLocale((locale) => new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }))
}

export function shortDay(day: string): string {
  return weekday().format(noonOfDay(day))
}

/** In a narrow column. */
export function tableDay(day: string): string {
  return rowDay().format(noonOfDay(day)).replace(',', '')
}

export function longDay(day: string): string {
  return wholeDay().format(noonOfDay(day))
}

/** Few characters, above a bar. */
export function barWords(tokens: number): string {
  if (tokens < 10_000 || tokens >= 1_000_000) return formatCount(tokens)
  return say.WEEK.thousands(Math.round(tokens / 1_000))
}

export function dayWords({ tokens, requests, runningMs }: DayGiven): string {
  return say.WEEK.dayGiven(tokens, requests, formatSpan(runningMs))
}

export function weekSum({ days }: WeekGiven): { tokens: number; requests: number } {
  return {
    tokens: days.reduce((sum, { tokens }) => sum + tokens, 0),
    requests: days.reduce((sum, { requests }) => sum + requests, 0),
  }
}

/** The whole chart in one sentence. */
export function weekWords(week: WeekGiven): string {
  const { tokens, requests } = weekSum(week)
  const most = week.days.reduce((best, day) => (day.tokens > best.tokens ? day : best))
  const peak = most.tokens > 0 ? say.WEEK.mostOn(longDay(most.day)) : ''
  return `${say.WEEK.given(tokens, requests)}${peak}`
}

export function isCounted({ firstDay }: WeekGiven, day: string): boolean {
  return firstDay !== null && day >= firstDay
}
