import { describe, expect, it } from 'vitest'
import { attemptTimeoutMs, beatDelayMs, retryDelayMs } from './link-schedule'

describe('heartbeat schedule', () => {
  it('C-25: jitter is early only, at most 10 %', () => {
    expect(beatDelayMs(30_000, () => 0)).toBe(30_000)
    expect(beatDelayMs(30_000, () => 0.999)).toBeGreaterThanOrEqual(27_000)
  })

  it('C-26, X-11: after a lost beat retries fill the time before the coordinator gives up at 60 s', () => {
    const startsMs = [30_000]
    for (let failures = 1; failures <= 7; failures += 1) {
      const timeoutMs = attemptTimeoutMs(30_000, failures - 1)
      const retryMs = retryDelayMs(30_000, failures, 'COORDINATOR_UNREACHABLE')
      startsMs.push((startsMs.at(-1) ?? 0) + Math.max(timeoutMs, retryMs))
    }
    expect(startsMs).toEqual([30_000, 35_000, 40_000, 45_000, 50_000, 55_000, 60_000, 70_000])
  })

  it('C-26: an unreachable coordinator is tried every 10 s, one that answers nonsense every 30 s', () => {
    expect(retryDelayMs(30_000, 9, 'COORDINATOR_UNREACHABLE')).toBe(10_000)
    expect(retryDelayMs(30_000, 9, 'COORDINATOR_NOT_ONE')).toBe(30_000)
  })
})
