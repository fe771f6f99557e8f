import { noonOfDay } from '../../src-shared/clock'
import type { DayGiven, WeekGiven } from '../../src-shared/contribution'
import { formatCount, formatSpan } from '../format'

const GAP = '\u00a0'

export const WEEK = {
  title: 'Last seven days',
  loading: 'Reading what was given…',
  failed: 'What was given could not be read',
  again: 'Read again',
  nothing: 'Nothing yet. While the node serves, what it gives is counted here day by day.',
  demo: 'A demo is for show, and is not counted.',
  firstDay: 'The first day that is counted. The next ones stand beside it.',
  asTable: 'As a table',
  caption: 'Given in the last seven days',
  day: 'Day',
  tokens: 'Tokens',
  requests: 'Requests',
  running: 'Ran for',
  today: 'Today',
  notCounted: 'not counted yet',
  ran: 'The bar below a day: how much of it the node ran',
} as const

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' })
const rowDay = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })
const wholeDay = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })

export function shortDay(day: string): string {
  return weekday.format(noonOfDay(day))
}

/** In a narrow column. */
export function tableDay(day: string): string {
  return rowDay.format(noonOfDay(day)).replace(',', '')
}

export function longDay(day: string): string {
  return wholeDay.format(noonOfDay(day))
}

/** Few characters, above a bar. */
export function barWords(tokens: number): string {
  if (tokens < 10_000 || tokens >= 1_000_000) return formatCount(tokens)
  return `${Math.round(tokens / 1_000)}${GAP}k`
}

export function dayWords({ tokens, requests, runningMs }: DayGiven): string {
  const asked = requests === 1 ? '1 request' : `${requests.toLocaleString('en')} requests`
  return `${tokens.toLocaleString('en')} tokens, ${asked}, ran for ${formatSpan(runningMs)}`
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
  const peak = most.tokens > 0 ? `, most on ${longDay(most.day)}` : ''
  return `${tokens.toLocaleString('en')} tokens for ${requests.toLocaleString('en')} ${requests === 1 ? 'request' : 'requests'}${peak}`
}

export function isCounted({ firstDay }: WeekGiven, day: string): boolean {
  return firstDay !== null && day >= firstDay
}
