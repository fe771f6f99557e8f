import { scaleBytes } from '../src-shared/bytes-in-words'

/** A number and its unit stay on one line. */
const GAP = '\u00a0'
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

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
  return count.toLocaleString('en')
}

export function formatRate(perSecond: number): string {
  return threeDigits(perSecond)
}

export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}${GAP}ms`
}

export function formatCores(cores: number): string {
  if (cores < 0.995) return `${Math.round(cores * 100)}${GAP}% of one core`
  return `${cores.toFixed(1)} cores`
}

/** Never more than two units, and never finer than a second once seconds count. */
export function formatSpan(ms: number): string {
  if (ms < 950) return `${(Math.max(0, ms) / SECOND).toFixed(1)}${GAP}s`
  if (ms < MINUTE - 500) return `${Math.round(ms / SECOND)}${GAP}s`
  if (ms < HOUR) return twoUnits(ms, MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'min')
  const days = Math.floor(ms / DAY)
  const hours = Math.floor((ms % DAY) / HOUR)
  return `${days}${GAP}${days === 1 ? 'day' : 'days'}${hours > 0 ? `, ${hours}${GAP}h` : ''}`
}

/** One unit: an age is read at a glance. What lies a moment ahead is a clock's jitter, not the future. */
export function formatAge(ms: number): string {
  if (ms < 2 * SECOND) return 'just now'
  return `${oneUnit(ms)} ago`
}

export function formatIn(ms: number): string {
  return ms <= 0 ? 'any moment' : `in ${oneUnit(Math.ceil(ms / SECOND) * SECOND)}`
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

export function formatExact(atEpochMs: number): string {
  return exact.format(atEpochMs)
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

const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** For lists of one day: 14:03:09. */
export function formatClock(atEpochMs: number): string {
  return clockTime.format(atEpochMs)
}

function oneUnit(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${GAP}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}${GAP}min`
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}${GAP}h`
  return `${Math.floor(ms / DAY)}${GAP}days`
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rounded = Math.round(ms / small) * small
  const rest = Math.round((rounded % large) / small)
  return `${Math.floor(rounded / large)}${GAP}${largeName}${rest > 0 ? ` ${rest}${GAP}${smallName}` : ''}`
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}
