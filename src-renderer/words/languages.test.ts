import { afterEach, describe, expect, it } from 'vitest'
import { formatAge, formatBytes, formatCores, formatExact, formatIn, formatSpan, formatWhole } from '../format'
import { currentLanguage } from '../locale'
import { say, speak } from '.'
import { counted } from './counted'
import * as de from './de'
import * as en from './en'
import { meterRows } from './meter'
import { coverageWords } from './node'
import { shortDay } from './week'

afterEach(() => speak('en'))
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ')

/** Every text of a catalogue by its place; functions say what they say of sevens. */
function textsOf(value: unknown, place = ''): [place: string, text: string][] {
  if (typeof value === 'string') return [[place, value]]
  if (typeof value === 'function') return textsOf(value(...Array(5).fill(7)), place)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => textsOf(inner, place === '' ? name : `${place}.${name}`))
}

/** Words that German writes like English, and names. Everything else that is equal was forgotten. */
const SAME = [
  ...[
    'Demo',
    'Internet',
    'Coordinator',
    'Relay',
    'Version',
    'App',
    'Shards',
    'Peers',
    'Host',
    'Online',
    'Offline',
    'OFFLINE',
  ],
  ...['Prompt', 'Chat', 'Route', 'Top-p', 'Top-k', 'Min-p', 'Seed', 'Manifest', 'KwaaiNet', 'Petals', 'Passphrase'],
  ...['NVIDIA (CUDA)', 'Apple (Metal)', 'English', 'Deutsch', 'hf_…', '7, online.', 'Shard 7', 'Block 7', '7\u00a0k'],
]

describe('the two languages', () => {
  it('say nothing in the same words by accident', async () => {
    const english = new Map(textsOf(en))
    await speak('de')
    const equal = textsOf(de).filter(([place, text]) => /\p{L}/u.test(text) && english.get(place) === text)
    expect(new Set(equal.map(([, text]) => text))).toEqual(new Set(SAME))
  })

  it('have a text wherever the other one has', () => {
    const places = (catalogue: unknown) => textsOf(catalogue).map(([place]) => place)
    // What the node says in fixed words needs no English; the names of units likewise.
    const isOwn = (place: string) => place.startsWith('NODE_SAYS') || place.startsWith('STEPS.units')
    expect(
      places(de)
        .filter((place) => !isOwn(place))
        .toSorted(),
    ).toEqual(places(en).toSorted())
  })

  it('German is written without exclamation marks, and asks nobody by “du”', () => {
    const rude = textsOf(de).filter(([, text]) => /!|(?<!-)\b(du|dein\w*|dir|dich|bitte)\b/i.test(text))
    expect(rude).toEqual([])
  })
})

describe('speaking', () => {
  it('changes words, numbers, ages, dates and plurals together, and back', async () => {
    await speak('de')
    expect([currentLanguage(), say.PAGE_NAMES.settings]).toEqual(['de', 'Einstellungen'])
    expect(formatWhole(1_234_567)).toBe('1.234.567')
    expect(plain(formatBytes(1_030_000_000))).toBe('1,03 GB')
    expect(plain(formatCores(1.42))).toBe('1,4 Kerne')
    expect(plain(formatCores(0.07))).toBe('7 % eines Kerns')
    expect([500, 12_400, 72 * 3_600_000].map((ms) => plain(formatAge(ms)))).toEqual([
      'gerade eben',
      'vor 12 s',
      'vor 3 Tagen',
    ])
    expect([plain(formatIn(20_300)), formatIn(-5)]).toEqual(['in 21 s', 'jeden Moment'])
    expect([86_400_000, 3 * 86_400_000].map((ms) => plain(formatSpan(ms)))).toEqual(['1 Tag', '3 Tage'])
    expect(formatExact(Date.UTC(2026, 0, 31, 12))).toMatch(/^31\.01\.2026, \d\d:00:00$/)
    expect(shortDay('2026-01-31')).toBe('Sa')
    expect([1, 2_000].map((count) => counted(count, '# Block', '# Blöcke'))).toEqual(['1 Block', '2.000 Blöcke'])
    expect(coverageWords([1, 0, 0, 2])).toBe('Blöcke 1–2: noch von niemandem bereitgestellt')
    await speak('en')
    expect([currentLanguage(), say.PAGE_NAMES.settings, formatWhole(1_234_567)]).toEqual([
      'en',
      'Settings',
      '1,234,567',
    ])
  })

  it('who chooses again while words are on their way gets the later choice', async () => {
    const german = speak('de')
    await speak('en')
    await german
    expect([currentLanguage(), say.PAGE_NAMES.settings]).toEqual(['en', 'Settings'])
  })

  it('sentences that are put together follow it too', async () => {
    const meter = {
      alone: { tokensPerSecond: 4, reason: null },
      now: { measured: 3, estimated: null, nodes: 2, reason: null },
      together: { estimated: 5, blocks: { start: 4, end: 8 }, reason: null },
    } as Parameters<typeof meterRows>[0]
    await speak('de')
    expect(meterRows(meter).map(({ basis }) => basis)).toEqual([
      'gemessen',
      'gemessen, über 2 Knoten',
      'aus den Teilen berechnet, mit Blöcken 4–7',
    ])
  })
})
