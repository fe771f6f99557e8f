import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogLine } from '../../src-shared/app-views'
import { systemClock } from '../../src-shared/clock'
import { METHODS } from '../../src-shared/contract'
import { MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { createEventLog, type EventLog } from '../storage/event-log'
import { createLogBook, LOG_CAPACITY, type LogBook } from './log-book'

let log: EventLog
let book: LogBook
beforeEach(() => {
  vi.useFakeTimers()
  log = createEventLog(systemClock, null)
  book = createLogBook(log, systemClock)
})
afterEach(() => {
  book.dispose()
  vi.useRealTimers()
})
const fill = (count: number, message = (i: number) => `event ${i}`) => {
  for (let i = 0; i < count; i++) log.write('info', 'test', message(i))
}
const seqs = (lines: readonly LogLine[]) => lines.map(({ seq }) => seq)

describe('recent', () => {
  it('gives the newest, oldest first, with rising numbers', () => {
    fill(10)
    expect(seqs(book.recent(3))).toEqual([8, 9, 10])
    expect(book.recent(3)[0]).toMatchObject({ level: 'info', code: 'test', message: 'event 7' })
  })

  it('remembers as many as it has room for, and goes on counting', () => {
    fill(LOG_CAPACITY + 5)
    const all = book.recent(LOG_CAPACITY)
    expect(all.at(-1)?.seq).toBe(LOG_CAPACITY + 5)
    expect(book.recent(500)).toHaveLength(500)
  })

  it('fits the contract and one message, however long the events are', () => {
    fill(500, () => '“'.repeat(5_000))
    const lines = book.recent(500)
    expect(METHODS['logs.recent'].output.safeParse(lines).success).toBe(true)
    expect(Buffer.byteLength(JSON.stringify(lines))).toBeLessThan(MAX_MESSAGE_BYTES)
    expect(lines.at(-1)?.seq).toBe(500)
  })
})

describe('batches', () => {
  it('tell every event once, in order, at most ten times a second', () => {
    const batches: LogLine[][] = []
    book.onLines((lines) => batches.push(lines))
    fill(3)
    vi.advanceTimersByTime(50)
    fill(40)
    vi.advanceTimersByTime(1_000)
    expect(batches.length).toBeLessThanOrEqual(3)
    expect(seqs(batches.flat())).toEqual(Array.from({ length: 43 }, (_, i) => i + 1))
  })

  it('are cut so that each fits into one message, and nothing is lost', () => {
    const batches: LogLine[][] = []
    book.onLines((lines) => batches.push(lines))
    fill(600, () => '“'.repeat(1_000))
    vi.advanceTimersByTime(5_000)
    for (const batch of batches) expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(MAX_MESSAGE_BYTES)
    expect(seqs(batches.flat())).toHaveLength(600)
  })

  it('end with the book, and leave no timer', () => {
    const listener = vi.fn()
    book.onLines(listener)
    fill(1_500, () => '“'.repeat(1_000))
    book.dispose()
    const calls = listener.mock.calls.length
    fill(5)
    vi.advanceTimersByTime(1_000)
    expect(listener.mock.calls.length).toBe(calls)
    expect(vi.getTimerCount()).toBe(0)
  })
})
