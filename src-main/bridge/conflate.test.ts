import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { createConflater, createTextJoiner } from './conflate'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('conflater', () => {
  it('delivers the first value at once', () => {
    const seen: number[] = []
    createConflater<number>(systemClock, 100, (value) => seen.push(value)).push(1)
    expect(seen).toEqual([1])
  })

  it('delivers at most ten values in any second of a thousand changes, and always the last one', () => {
    const seen: { value: number; atMs: number }[] = []
    const conflater = createConflater<number>(systemClock, 100, (value) =>
      seen.push({ value, atMs: systemClock.monotonicMs() }),
    )
    for (let value = 1; value <= 1_000; value += 1) {
      conflater.push(value)
      vi.advanceTimersByTime(3)
    }
    vi.advanceTimersByTime(100)
    for (const { atMs } of seen) {
      const within = seen.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1_000)
      expect(within.length).toBeLessThanOrEqual(10)
    }
    expect(seen.length).toBeGreaterThan(20)
    expect(seen.at(-1)?.value).toBe(1_000)
    expect(seen.map(({ value }) => value)).toEqual(seen.map(({ value }) => value).sort((a, b) => a - b))
  })

  it('delivers what is held back when it is disposed, and nothing afterwards', () => {
    const seen: number[] = []
    const conflater = createConflater<number>(systemClock, 100, (value) => seen.push(value))
    conflater.push(1)
    conflater.push(2)
    conflater.push(3)
    conflater.dispose()
    conflater.push(4)
    vi.advanceTimersByTime(1_000)
    expect(seen).toEqual([1, 3])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits again when a timer fires early', () => {
    const seen: number[] = []
    let nowMs = 0
    const timers: (() => void)[] = []
    const clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      after: (_delayMs: number, run: () => void) => {
        timers.push(run)
        return () => undefined
      },
    }
    const conflater = createConflater<number>(clock, 100, (value) => seen.push(value))
    conflater.push(1)
    conflater.push(2)
    nowMs = 99
    timers.shift()?.()
    expect(seen).toEqual([1])
    nowMs = 100
    timers.shift()?.()
    expect(seen).toEqual([1, 2])
  })
})

describe('text joiner', () => {
  it('loses nothing, keeps the order and keeps generations apart', () => {
    const seen: [string, string][] = []
    const joiner = createTextJoiner(systemClock, 100, 4096, (id, text) => seen.push([id, text]))
    for (const word of ['one ', 'two ', 'three ']) {
      joiner.push('a', word)
      joiner.push('b', word.toUpperCase())
    }
    vi.advanceTimersByTime(100)
    const textOf = (id: string) =>
      seen
        .filter(([of]) => of === id)
        .map(([, text]) => text)
        .join('')
    expect(textOf('a')).toBe('one two three ')
    expect(textOf('b')).toBe('ONE TWO THREE ')
    expect(seen.length).toBeLessThanOrEqual(4)
  })

  it('splits what is too long for one message, but never a character', () => {
    const seen: string[] = []
    const joiner = createTextJoiner(systemClock, 100, 4, (_id, text) => seen.push(text))
    joiner.push('a', 'abc🌿defg')
    expect(seen).toEqual(['abc', '🌿de', 'fg'])
  })
})
