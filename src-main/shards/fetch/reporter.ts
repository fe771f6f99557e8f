import type { ErrorReport } from '../../../src-shared/errors'
import { piecesFor } from '../manifest'
import type { PieceBoard } from './piece-board'
import { createRateWindow } from './rate-window'
import { reportOfSource, type SourceEntry } from './source-book'
import type { FetchEvent, FetchOptions, FetchProgress, FetchState } from './types'

const PROGRESS_INTERVAL_MS = 100

/** Turns what workers do into snapshots: at most ten per second, and what they say never goes back. */
export interface Reporter {
  emit(event: FetchEvent): void
  /** What is there is being hashed again. */
  checking(verifiedBytes: number, totalBytes: number): void
  /** From now on snapshots are made of these. */
  follow(board: PieceBoard, entries: readonly SourceEntry[]): void
  state(state: FetchState): void
  received(sizeBytes: number): void
  changed(): void
  blocked(blocker: ErrorReport): void
  unblocked(): void
  finished(): void
  missingBytes(): number
  totals(): { neededBytes: number; neededPieces: number; receivedBytes: number }
  stop(): void
}

export function createReporter({ manifest, blocks, clock, onProgress, onEvent }: FetchOptions): Reporter {
  const needed = piecesFor(manifest, blocks)
  const neededBytes = needed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const rate = createRateWindow(clock)
  let state: FetchState = 'checking'
  let board: PieceBoard | null = null
  let entries: readonly SourceEntry[] = []
  let blocker: ErrorReport | null = null
  let receivedBytes = 0
  let checkedBytes = 0
  let saidBytes = 0
  let nextAtMs = Number.NEGATIVE_INFINITY
  let isDone = false

  function snapshot(): FetchProgress {
    const verifiedBytes = isDone ? neededBytes : (board?.verifiedBytes() ?? checkedBytes)
    // A damaged piece that is fetched again takes bytes back; the bar stays where it was until they are there again.
    saidBytes = Math.max(saidBytes, verifiedBytes)
    // When every byte is there nothing is being fetched any more, even before somebody has said so.
    const shownState = board?.isComplete() && (state === 'fetching' || state === 'waiting') ? 'finishing' : state
    // What is held up has no end that could be foretold.
    const bytesPerSecond = shownState === 'fetching' && blocker === null ? rate.perSecond() : null
    return {
      state: shownState,
      verifiedBytes: saidBytes,
      neededBytes,
      verifiedPieces: isDone ? needed.length : (board?.verifiedPieces() ?? 0),
      neededPieces: needed.length,
      receivedBytes,
      bytesPerSecond,
      etaMs: bytesPerSecond ? (1000 * (neededBytes - verifiedBytes)) / bytesPerSecond : null,
      peers: entries.filter(({ source, state: its }) => its !== 'excluded' && /^(lan|swarm)$/.test(source.kind)).length,
      sources: entries.map(reportOfSource),
      blocker,
    }
  }

  function report(force: boolean): void {
    const nowMs = clock.monotonicMs()
    if (!onProgress || (!force && nowMs < nextAtMs)) return
    nextAtMs = nowMs + PROGRESS_INTERVAL_MS
    onProgress(snapshot())
  }

  return {
    emit: (event) => onEvent?.(event),
    checking(verifiedBytes) {
      checkedBytes = verifiedBytes
      report(false)
    },
    follow(newBoard, newEntries) {
      board = newBoard
      entries = newEntries
      report(true)
    },
    state(next) {
      if (state === next) return
      state = next
      report(true)
    },
    received(sizeBytes) {
      receivedBytes += sizeBytes
      rate.add(sizeBytes)
    },
    changed: () => report(false),
    blocked(next) {
      const isNew = blocker?.code !== next.code
      blocker = next
      if (isNew) onEvent?.({ type: 'blocked', blocker: next })
      report(true)
    },
    unblocked() {
      if (blocker === null) return
      blocker = null
      onEvent?.({ type: 'unblocked' })
      report(true)
    },
    finished() {
      isDone = true
      state = 'done'
      blocker = null
      report(true)
    },
    missingBytes: () => neededBytes - (board?.verifiedBytes() ?? 0),
    totals: () => ({ neededBytes, neededPieces: needed.length, receivedBytes }),
    stop() {
      nextAtMs = Number.POSITIVE_INFINITY
    },
  }
}
