import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createFrames, FRAME_INTERVAL_MS } from './frames'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('runs the first at once and the rest together, in order, once per interval', () => {
  const frames = createFrames(systemClock)
  const done: number[] = []
  const add = (value: number) => frames.run(() => void done.push(value))
  add(1)
  expect(done).toEqual([1])
  add(2)
  add(3)
  vi.advanceTimersByTime(FRAME_INTERVAL_MS - 1)
  expect(done).toEqual([1])
  vi.advanceTimersByTime(1)
  expect(done).toEqual([1, 2, 3])
  vi.advanceTimersByTime(10 * FRAME_INTERVAL_MS)
  add(4)
  expect(done).toEqual([1, 2, 3, 4])
})

it('gives early what waits when asked, and nothing after its end', () => {
  const frames = createFrames(systemClock)
  const done: number[] = []
  const add = (value: number) => frames.run(() => void done.push(value))
  add(1)
  add(2)
  frames.flush()
  expect(done).toEqual([1, 2])
  add(3)
  frames.dispose()
  vi.advanceTimersByTime(10 * FRAME_INTERVAL_MS)
  expect(done).toEqual([1, 2])
  expect(vi.getTimerCount()).toBe(0)
})
