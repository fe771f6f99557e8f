import { describe, expect, it } from 'vitest'
import { checkedTimings, DEFAULT_TIMINGS } from './timings'

describe('timings', () => {
  it('C-25, C-26, C-38: 30, 60, 30 and 120 seconds, as the document has it', () => {
    expect(checkedTimings()).toEqual(DEFAULT_TIMINGS)
    expect(DEFAULT_TIMINGS).toEqual({
      heartbeatIntervalMs: 30_000,
      offlineAfterMs: 60_000,
      sweepIntervalMs: 30_000,
      stalePeerAfterMs: 120_000,
    })
  })

  it('what is not given follows the offline time', () => {
    expect(checkedTimings({ offlineAfterMs: 6_000 })).toEqual({
      heartbeatIntervalMs: 3_000,
      offlineAfterMs: 6_000,
      sweepIntervalMs: 6_000,
      stalePeerAfterMs: 12_000,
    })
  })

  it.each([
    { heartbeatIntervalMs: 50_000 },
    { sweepIntervalMs: 61_000 },
    { stalePeerAfterMs: 59_000 },
    { offlineAfterMs: 0 },
    { heartbeatIntervalMs: -1 },
    { sweepIntervalMs: Number.NaN },
  ])('X-11: refuses %j', (given) => {
    expect(() => checkedTimings(given)).toThrow(expect.objectContaining({ code: 'COORDINATOR_TIMINGS_INVALID' }))
  })
})
