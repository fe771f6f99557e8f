import { expect, it } from 'vitest'
import type { Step } from '../../src-shared/status'
import { type TimelineFacts, timelineOf } from './timeline'

const START = 1_800_000_000_000

function facts(change: Partial<TimelineFacts> = {}): TimelineFacts {
  return {
    startedAt: START,
    steps: [],
    discoveredAt: null,
    readyAt: null,
    fetchEtaMs: null,
    approvedAt: null,
    now: START,
    ...change,
  }
}
const done = (name: Step['name'], from: number, to: number) => ({
  name,
  state: 'done' as const,
  startedAt: START + from,
  endedAt: START + to,
})
const expectedOf = (change: Partial<TimelineFacts>) => timelineOf(facts(change)).map(({ expectedS }) => expectedS)

it('S-30: all files local: the runbook’s 1, 1, 1, 5, 10, 15, 15 seconds, beside what was measured', () => {
  const rows = timelineOf(
    facts({
      steps: [done('fetch', 200, 700), done('load', 700, 1_400), done('prove', 1_400, 1_600)],
      discoveredAt: START + 3_040,
      now: START + 4_000,
    }),
  )
  expect(rows.map(({ expectedS }) => expectedS)).toEqual([1, 1, 1, 5, 10, 15, 15])
  expect(rows.map(({ actualS }) => actualS)).toEqual([0.7, 1.4, 1.6, null, null, 3, null])
  expect(rows.some(({ isLate }) => isLate)).toBe(false)
})

it('S-30: what should have come and has not is late, and only that', () => {
  const rows = timelineOf(facts({ steps: [done('fetch', 0, 500)], now: START + 6_000 }))
  expect(rows.filter(({ isLate }) => isLate).map(({ what }) => what)).toEqual([
    'Shard loaded',
    'Test pass as expected',
    'Announced',
  ])
})

it('S-31: a download moves everything after it by its own rate, and is unknown while there is none', () => {
  const fetch = { name: 'fetch' as const, state: 'working' as const, startedAt: START }
  expect(expectedOf({ steps: [fetch], now: START + 30_000, fetchEtaMs: 90_000 })).toEqual([
    120, 120, 120, 124, 129, 134, 134,
  ])
  expect(new Set(expectedOf({ steps: [fetch], now: START + 30_000 }))).toEqual(new Set([null]))
})

it('S-31: waiting for the host’s approval makes nothing late', () => {
  expect(expectedOf({ approvedAt: START + 600_000, now: START + 600_000 })[0]).toBe(601)
})
