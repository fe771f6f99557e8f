import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { StreamProgress } from './framed-stream'
import { STANDSTILL_MS, watchStandstill } from './standstill'

async function endedAfter(durationMs: number, progressAt: (nowMs: number) => Partial<StreamProgress>) {
  const clock = new FakeClock(0)
  let ended: string | null = null
  const stream = {
    get progress(): StreamProgress {
      return { messages: 1, unreadBytes: 0, sentBytes: 0, unsentBytes: 0, ...progressAt(clock.monotonicMs()) }
    },
    abort: (error: Error) => {
      ended ??= error.message
    },
  }
  const stop = watchStandstill(clock, () => [stream])
  await clock.advance(durationMs)
  stop()
  expect(clock.pending).toBe(0)
  return ended
}

const LONG_MS = 10 * STANDSTILL_MS

it('O-05: a message that does not become whole ends its stream, whatever still comes of it', async () => {
  expect(await endedAfter(LONG_MS, (nowMs) => ({ unreadBytes: 1 + nowMs / 1000 }))).toMatch('not the rest of it')
})

it('O-05: a large message that comes at the pace of a slow line is let come whole', async () => {
  const of = (bytesPerSecond: number) => (nowMs: number) => ({ unreadBytes: 1 + (bytesPerSecond * nowMs) / 1000 })
  // 8 MiB at 100 kbit/s take ten minutes.
  expect(await endedAfter(LONG_MS, of(12_500))).toBeNull()
  expect(await endedAfter(LONG_MS, of(500))).toMatch('not the rest of it')
})

it('O-05: one that came at once, but for its end, is not let wait for that', async () => {
  const stuck = (nowMs: number) => ({ unreadBytes: Math.min(4_000_000, nowMs * 100) })
  expect(await endedAfter(40_000 + STANDSTILL_MS - 1, stuck)).toBeNull()
  expect(await endedAfter(40_000 + 2 * STANDSTILL_MS, stuck)).toMatch('not the rest of it')
})

it('O-05: a neighbour that reads nothing of what waits for it loses the stream', async () => {
  expect(await endedAfter(LONG_MS, () => ({ unsentBytes: 5, sentBytes: 7 }))).toMatch('does not read')
})

it('O-05: one that goes on, however slowly, or has nothing to do, keeps it', async () => {
  const slowly = (nowMs: number) => Math.floor(nowMs / (STANDSTILL_MS / 2))
  expect(await endedAfter(LONG_MS, (nowMs) => ({ unreadBytes: 5, messages: slowly(nowMs) }))).toBeNull()
  expect(await endedAfter(LONG_MS, (nowMs) => ({ unsentBytes: 5, sentBytes: slowly(nowMs) }))).toBeNull()
  expect(await endedAfter(LONG_MS, () => ({}))).toBeNull()
})

it('O-05: and so does one that begins before the minute is over', async () => {
  expect(await endedAfter(STANDSTILL_MS - 1, () => ({ unreadBytes: 5, unsentBytes: 5 }))).toBeNull()
})
