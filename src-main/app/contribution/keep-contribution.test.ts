import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { servingStatus } from '../../../e2e/support/status-fixtures'
import { lastDays } from '../../../src-shared/clock'
import type { NodeStatus } from '../../../src-shared/status'
import { FakeClock } from '../../../test/fake-clock'
import { givenBetween, LONGEST_LOOK_MS, MAX_DAYS, withGiven } from './day-book'
import { keepContribution } from './keep-contribution'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Noon where the tests run, so that some minutes more are the same day. */
const NOON = new Date(2026, 10, 18, 12).getTime()

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-contribution-'))
  file = join(directory, 'contribution.json')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** A node that says what the test says. */
function scriptedNode() {
  const listeners = new Set<(status: NodeStatus) => void>()
  let status: NodeStatus = servingStatus(NOON)
  return {
    status: () => status,
    onStatus(listener: (status: NodeStatus) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    say(contribution: NodeStatus['contribution'], watermark: string | null = null) {
      status = { ...status, contribution, watermark }
      for (const listener of listeners) listener(status)
    },
  }
}

async function open(clock: FakeClock, node = scriptedNode()) {
  const lines: string[] = []
  const log = { write: (_level: unknown, code: string) => void lines.push(code) }
  return { node, lines, contribution: await keepContribution({ clock, file, log, node }) }
}
const stopped = { requests: 0, tokens: 0, upSince: null }

describe('what was given, day by day', () => {
  it('is counted from what the node says, over restarts of the node and of the app', async () => {
    const clock = new FakeClock(NOON)
    const node = scriptedNode()
    node.say({ requests: 0, tokens: 0, upSince: 1 })
    const first = await open(clock, node)
    node.say({ requests: 2, tokens: 100, upSince: 1 })
    await clock.advance(3 * MINUTE)
    // What came after the last look of the clock is told by the node itself, before it stops.
    node.say({ requests: 3, tokens: 150, upSince: 1 })
    node.say(stopped)
    await clock.advance(10 * MINUTE)
    node.say({ requests: 0, tokens: 0, upSince: 2 })
    node.say({ requests: 1, tokens: 7, upSince: 2 })
    await clock.advance(MINUTE)
    expect(first.contribution.week().days.at(-1)).toEqual({
      day: '2026-11-18',
      tokens: 157,
      requests: 4,
      runningMs: 4 * MINUTE,
    })
    await first.contribution.close()
    expect(clock.pending).toBe(0)

    node.say(stopped)
    const second = await open(new FakeClock(NOON + DAY), node)
    node.say({ requests: 1, tokens: 5, upSince: 3 })
    const { days, firstDay } = second.contribution.week()
    expect(days.map(({ day, tokens }) => [day.slice(-2), tokens])).toEqual([
      ...['13', '14', '15', '16', '17'].map((day) => [day, 0]),
      ['18', 157],
      ['19', 5],
    ])
    expect(firstDay).toBe('2026-11-18')
    await second.contribution.close()
  })

  it('is nothing for a demo', async () => {
    const node = scriptedNode()
    node.say(stopped)
    const { contribution } = await open(new FakeClock(NOON), node)
    node.say({ requests: 1, tokens: 500, upSince: 9 }, 'DEMO')
    node.say(stopped)
    expect(contribution.week().firstDay).toBeNull()
    await contribution.close()
  })

  it('begins anew from a damaged file, which is set aside', async () => {
    await writeFile(file, '{"days":[{"day":"not a day"')
    const { node, contribution } = await open(new FakeClock(NOON))
    node.say(stopped)
    node.say({ requests: 1, tokens: 5, upSince: 3 })
    await contribution.close()
    expect((await readdir(directory)).toSorted()).toEqual(['contribution.json', 'contribution.json.damaged'])
    expect(JSON.parse(await readFile(file, 'utf8')).days).toHaveLength(1)
  })

  it('is said in the log when it cannot be kept, and goes on', async () => {
    file = join(directory, 'gone', 'contribution.json')
    const { node, contribution, lines } = await open(new FakeClock(NOON))
    node.say({ requests: 1, tokens: 5, upSince: 3 })
    await contribution.close()
    expect(lines).toEqual(['contribution.save.failed'])
  })
})

describe('the days', () => {
  it('are bounded, oldest first to go', () => {
    let days = withGiven([], '2020-01-01', { tokens: 1, requests: 0, runningMs: 0 })
    for (const day of lastDays(NOON, 3 * MAX_DAYS))
      days = withGiven(days, day, { tokens: 1, requests: 0, runningMs: 0 })
    expect(days).toHaveLength(MAX_DAYS)
    expect(days.at(-1)?.day).toBe('2026-11-18')
  })

  it('are those of the calendar, also where a clock is changed', () => {
    expect(lastDays(new Date(2026, 2, 30, 0, 30).getTime(), 3)).toEqual(['2026-03-28', '2026-03-29', '2026-03-30'])
    expect(lastDays(new Date(2026, 0, 1, 23, 59).getTime(), 2)).toEqual(['2025-12-31', '2026-01-01'])
  })

  it('count no sleep, and nothing twice', () => {
    const before = { requests: 1, tokens: 10, upSince: 5 }
    expect(givenBetween(before, before, 8 * 3_600_000)).toEqual({ tokens: 0, requests: 0, runningMs: LONGEST_LOOK_MS })
    expect(givenBetween(before, { requests: 0, tokens: 3, upSince: 6 }, 1_000)).toEqual({
      ...{ tokens: 3, requests: 0, runningMs: 0 },
    })
  })
})
