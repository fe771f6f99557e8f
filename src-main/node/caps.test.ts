import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog, type LogEvent } from '../storage/event-log'
import { capsOf, watchCaps } from './caps'

const GB = 1_000_000_000

function watched(config: Parameters<typeof capsOf>[0]) {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const events: LogEvent[] = []
  log.subscribe((event) => void events.push(event))
  const judge = watchCaps({ caps: capsOf(config), clock, log })
  const sample = (memoryGb: number, cpuCores: number | null) =>
    judge({ hostResidentBytes: 0.5 * GB, engineResidentBytes: (memoryGb - 0.5) * GB, cpuCores })
  return { clock, events, sample }
}

describe('O-16: the operator’s limits', () => {
  it('O-16: what stays above a limit is told once, with both figures, and again when it is over', async () => {
    const { clock, events, sample } = watched({ offeredMemoryGb: 2, threads: 3 })
    expect(sample(1.9, 1)).toEqual([])
    const since = clock.now()
    expect(sample(2.5, 1)).toEqual([])
    await clock.advance(5_000)
    for (let i = 0; i < 3; i++) expect(sample(2.5, 1)).toEqual([{ what: 'memory', used: 2.5 * GB, cap: 2 * GB, since }])
    expect(events.map(({ code, level }) => `${level} ${code}`)).toEqual(['warn resources.over'])
    expect(events[0]?.fields).toEqual({ what: 'memory', used: 2.5 * GB, cap: 2 * GB })
    expect(events[0]?.message).toBe('memory is above the limit: 2.5 of 2.0 GB')
    expect(sample(1.5, 1)).toEqual([])
    expect(events.map(({ code }) => code)).toEqual(['resources.over', 'resources.within'])
  })

  it('O-16: a peak is no breach, and neither is a figure that nobody has', () => {
    const { events, sample } = watched({ offeredMemoryGb: null, threads: 1 })
    for (const cores of [3, 1, 3, null, 3, 2.1]) expect(sample(500, cores)).toEqual([])
    expect(events).toEqual([])
    sample(500, 3)
    expect(sample(500, 4)).toMatchObject([{ what: 'processor', used: 4, cap: 2 }])
  })
})
