import type { LogLine } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import { MAX_MESSAGE_BYTES } from '../../src-shared/contract-names'
import { createPacer } from '../bridge/conflate'
import type { EventLog, LogEvent } from '../storage/event-log'

export interface LogBook {
  /** The newest `limit` events, oldest first; fewer when they would not fit into one message. */
  recent(limit: number): LogLine[]
  /** Every event once, in batches that fit into one message, at most ten a second. */
  onLines(listener: (lines: LogLine[]) => void): Disposer
  dispose(): void
}

export const LOG_CAPACITY = 2_000
const BATCH_INTERVAL_MS = 100
const MAX_BATCH_LINES = 500
/** Leaves room for the envelope around the lines. */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES / 2

/** Remembers the newest events of a log, and tells of new ones in batches. */
export function createLogBook(log: EventLog, clock: Clock): LogBook {
  const lines: LogLine[] = []
  const listeners = new Set<(batch: LogLine[]) => void>()
  let lastSeq = 0
  let toldSeq = 0
  let isDisposed = false

  const pacer = createPacer(clock, BATCH_INTERVAL_MS, () => {
    const untold = lines.filter(({ seq }) => seq > toldSeq)
    const batch = untold.slice(0, linesThatFit(untold))
    toldSeq = batch.at(-1)?.seq ?? toldSeq
    for (const listener of listeners) listener(batch)
    if (toldSeq < lastSeq && !isDisposed) pacer.request()
  })
  const unsubscribe = log.subscribe((event) => {
    lines.push(lineOf(event, ++lastSeq))
    if (lines.length > LOG_CAPACITY) lines.shift()
    pacer.request()
  })
  return {
    recent(limit) {
      const newest = lines.slice(-limit).reverse()
      return newest.slice(0, linesThatFit(newest)).reverse()
    },
    onLines(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispose() {
      isDisposed = true
      unsubscribe()
      pacer.dispose()
      listeners.clear()
    },
  }
}

function lineOf({ at, level, code, message }: LogEvent, seq: number): LogLine {
  return { seq, at, level, code: code.slice(0, 80), message: message.slice(0, 1000) }
}

/** How many lines from the beginning make one message. */
function linesThatFit(lines: readonly LogLine[]): number {
  let bytes = 0
  for (const [index, line] of lines.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1
    if (bytes > MAX_BATCH_BYTES || index >= MAX_BATCH_LINES) return index
  }
  return lines.length
}
