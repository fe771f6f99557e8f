import { scaleBytes } from '../src-shared/bytes-in-words'
import type { Language } from '../src-shared/language'
import { currentLanguage, inLocale } from './locale'

/** A number and its unit stay on one line. */
const GAP = '\u00a0'
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The words around a number. So few that they come with the page in every language. */
interface NumberWords {
  now: string
  ago(span: string): string
  soon: string
  ahead(span: string): string
  /** After "ago" and "in", from two on. */
  days: string
  spanDays(count: number): string
  ofOneCore: string
  cores: string
}

const NUMBER_WORDS: Readonly<Record<Language, NumberWords>> = {
  en: {
    now: 'just now',
    ago: (span) => `${span} ago`,
    soon: 'any moment',
    ahead: (span) => `in ${span}`,
    days: 'days',
    spanDays: (count) => (count === 1 ? 'day' : 'days'),
    ofOneCore: '% of one core',
    cores: 'cores',
  },
  de: {
    now: 'gerade eben',
    ago: (span) => `vor ${span}`,
    soon: 'jeden Moment',
    ahead: (span) => `in ${span}`,
    days: 'Tagen',
    spanDays: (count) => (count === 1 ? 'Tag' : 'Tage'),
    ofOneCore: '% eines Kerns',
    cores: 'Kerne',
  },
}

function numberWords(): NumberWords {
  return NUMBER_WORDS[currentLanguage()]
}

const digits = [0, 1, 2].map((count) =>
  inLocale(
    (locale) =>
      new Intl.NumberFormat(locale, {
        minimumFractionDigits: count,
        maximumFractionDigits: count,
        useGrouping: false,
      }),
  ),
)
const whole = inLocale((locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }))

/** 4,212 or 4.212. */
export function formatWhole(count: number): string {
  return whole().format(count)
}

/** With so many digits after the point, or comma. */
export function formatDecimal(value: number, places: 0 | 1 | 2): string {
  return digits[places]?.().format(value) ?? ''
}

/** Ids differ at the end and look alike at the start: both are shown. */
export function shortenPeerId(peerId: string): string {
  return peerId.length <= 12 ? peerId : `${peerId.slice(0, 4)}…${peerId.slice(-4)}`
}

/** Hashes are compared by their first characters; the whole stands behind. */
export function shortenHash(hash: string): string {
  return hash.length <= 12 ? hash : `${hash.slice(0, 8)}…`
}

/** Ends a sentence that somebody else wrote, who may have ended it already. */
export function closeSentence(text: string): string {
  return /[.?!…]$/.test(text.trimEnd()) ? text.trimEnd() : `${text.trimEnd()}.`
}

export function formatBytes(bytes: number): string {
  const { value, unit, isWhole } = scaleBytes(bytes)
  return `${isWhole ? value : threeDigits(value)}${GAP}${unit}`
}

export function formatCount(count: number): string {
  if (count >= 1e9) return `${threeDigits(count / 1e9)}${GAP}G`
  if (count >= 1e6) return `${threeDigits(count / 1e6)}${GAP}M`
  return formatWhole(count)
}

export function formatRate(perSecond: number): string {
  return threeDigits(perSecond)
}

export function formatMs(ms: number): string {
  return `${formatDecimal(ms, ms < 10 ? 1 : 0)}${GAP}ms`
}

export function formatCores(cores: number): string {
  if (cores < 0.995) return `${Math.round(cores * 100)}${GAP}${numberWords().ofOneCore}`
  return `${formatDecimal(cores, 1)} ${numberWords().cores}`
}

/** Never more than two units, and never finer than a second once seconds count. */
export function formatSpan(ms: number): string {
  if (ms < 950) return `${formatDecimal(Math.max(0, ms) / SECOND, 1)}${GAP}s`
  if (ms < MINUTE - 500) return `${Math.round(ms / SECOND)}${GAP}s`
  if (ms < HOUR) return twoUnits(ms, MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'min')
  const days = Math.floor(ms / DAY)
  const hours = Math.floor((ms % DAY) / HOUR)
  return `${days}${GAP}${numberWords().spanDays(days)}${hours > 0 ? `, ${hours}${GAP}h` : ''}`
}

/** One unit: an age is read at a glance. What lies a moment ahead is a clock's jitter, not the future. */
export function formatAge(ms: number): string {
  if (ms < 2 * SECOND) return numberWords().now
  return numberWords().ago(oneUnit(ms))
}

export function formatIn(ms: number): string {
  return ms <= 0 ? numberWords().soon : numberWords().ahead(oneUnit(Math.ceil(ms / SECOND) * SECOND))
}

const exact = inLocale((locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }))

export function formatExact(atEpochMs: number): string {
  return exact().format(atEpochMs)
}

/** For reports that other programs read: 2026-01-31 14:03:09.250, in this computer's time. */
export function formatIso(atEpochMs: number): string {
  const parts = Object.fromEntries(isoParts.formatToParts(atEpochMs).map(({ type, value }) => [type, value]))
  const { year, month, day, hour, minute, second, fractionalSecond } = parts
  return `${year}-${month}-${day} ${hour}:${minute}:${second}.${fractionalSecond}`
}

const isoParts = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

const clockTime = inLocale((locale) => new Intl.DateTimeFormat(locale, { timeStyle: 'medium' }))

/** For lists of one day: 14:03:09. */
export function formatClock(atEpochMs: number): string {
  return clockTime().format(atEpochMs)
}

function oneUnit(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${GAP}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}${GAP}min`
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}${GAP}h`
  return `${Math.floor(ms / DAY)}${GAP}${numberWords().days}`
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rounded = Math.round(ms / small) * small
  const rest = Math.round((rounded % large) / small)
  return `${Math.floor(rounded / large)}${GAP}${largeName}${rest > 0 ? ` ${rest}${GAP}${smallName}` : ''}`
}

function threeDigits(value: number): string {
  return formatDecimal(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)
}
