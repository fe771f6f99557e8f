import { EspalierError } from '../../../src-shared/errors'
import type { GgufHeader } from '../gguf-types'
import type { ByteSource } from '../sources/source'
import type { PieceMap } from '../store/piece-map'
import type { SliceSession } from '../store/slice-session'
import { createBandwidth } from './bandwidth'
import { createBufferPool } from './buffer-pool'
import { fetchHeader } from './fetch-header'
import { createPieceBoard, type PieceBoard } from './piece-board'
import type { Reporter } from './reporter'
import { causeOf, createSourceEntry, has, type SourceEntry } from './source-book'
import { type WorkPlace, workFor } from './source-worker'
import type { FetchLimits, FetchOptions } from './types'
import { createWake, type Wake } from './wake'

const LOOK_MS = 1_000

interface Job {
  options: FetchOptions
  limits: FetchLimits
  /** Grows when the control brings more. */
  entries: SourceEntry[]
  reporter: Reporter
}

/** One pass over everything that is missing, until the slice is finished. Throws DISK_FULL; the next pass goes on. */
export async function fetchPieces(job: Job): Promise<PieceMap> {
  const { options, reporter } = job
  const { manifest, blocks, store, clock } = options
  const ending = new AbortController()
  const wake = createWake(clock)
  const cancel = () => {
    ending.abort(new EspalierError('CANCELLED'))
    wake.notify()
  }
  options.signal?.addEventListener('abort', cancel, { once: true })
  if (options.signal?.aborted) cancel()
  const stopListening = options.control?.onChange((change) => {
    if (change.type === 'source') job.entries.push(createSourceEntry(change.source, clock))
    if (change.type === 'retry') for (const entry of job.entries) askAgain(entry)
    wake.notify()
  })
  try {
    const header = await headerFor(job, ending.signal, wake)
    const map = store.map(manifest, header, blocks)
    const session = await store.begin(map, {
      onProgress: (done, total) => reporter.checking(done, total),
      signal: ending.signal,
    })
    try {
      const board = createPieceBoard(map.pieces, session.verified, ({ index }) => session.partialBytes(index) > 0)
      reporter.follow(board, job.entries)
      // Whoever pauses does not want other slices to go for this one yet.
      await whilePaused(job, ending.signal, wake)
      await store.use.makeRoom(board.neededBytes - board.verifiedBytes(), manifest.root)
      reporter.unblocked()
      await workUntilWhole(job, board, session, ending, wake)
      reporter.state('finishing')
      await session.finish()
      return map
    } finally {
      // After a full disk closing may fail too; what counts is that the journal never runs ahead of the data.
      await session.close().catch(() => undefined)
    }
  } finally {
    stopListening?.()
    options.signal?.removeEventListener('abort', cancel)
  }
}

function askAgain(entry: SourceEntry): void {
  if (entry.state === 'excluded') entry.state = 'waiting'
  entry.available = undefined
  entry.rejected.clear()
  entry.retryAtMs = Number.NEGATIVE_INFINITY
}

async function whilePaused({ options, reporter }: Job, signal: AbortSignal, wake: Wake): Promise<void> {
  while (options.control?.paused && !signal.aborted) {
    reporter.state('paused')
    await wake.wait(LOOK_MS)
  }
}

async function headerFor(job: Job, signal: AbortSignal, wake: Wake): Promise<GgufHeader> {
  const { options, limits, entries, reporter } = job
  const { manifest, store, clock, control } = options
  const kept = await store.header(manifest)
  if (kept !== null) return kept
  const startedAtMs = clock.monotonicMs()
  for (;;) {
    await whilePaused(job, signal, wake)
    if (signal.aborted) throw signal.reason
    reporter.state('fetching')
    const bytes = await fetchHeader(manifest, entries, {
      clock,
      signal,
      limits,
      emit: (event) => reporter.emit(event),
      onReceived: (sizeBytes) => reporter.received(sizeBytes),
    })
    if (bytes !== null) {
      await store.use.makeRoom(bytes.byteLength, manifest.root)
      return store.saveHeader(manifest, bytes)
    }
    const isOut = entries.every(({ state, source }) => state === 'excluded' || !source.hasHeader)
    const cause = causeOf(entries, manifest.pieces, { isHopeless: isOut })
    if (isOut && !control?.bringsSources) throw cause
    if (isOut || clock.monotonicMs() - startedAtMs >= limits.blockerMs) reporter.blocked(cause.report())
    reporter.state('waiting')
    await wake.wait(LOOK_MS)
  }
}

/** Starts a worker for every source, and again after each pause; looks after time and causes meanwhile. */
async function workUntilWhole(
  job: Job,
  board: PieceBoard,
  session: SliceSession,
  ending: AbortController,
  wake: Wake,
): Promise<void> {
  const { options, limits, entries, reporter } = job
  const { manifest, clock, control } = options
  const longest = manifest.pieces.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0)
  const buffers = Math.max(2, Math.floor(limits.bufferBytes / longest))
  const place: Omit<WorkPlace, 'signal' | 'onDiskFailure'> = {
    manifest,
    board,
    session,
    pool: createBufferPool(buffers, longest),
    bandwidth: createBandwidth(clock, limits.bytesPerSecond),
    clock,
    // Each source needs a buffer, and one more lets it go on while a piece is hashed.
    limits: { ...limits, maxSources: Math.max(1, Math.min(limits.maxSources, buffers - 1)) },
    wake,
    entries,
    startedAtMs: clock.monotonicMs(),
    emit: (event) => reporter.emit(event),
    onReceived(sizeBytes) {
      reporter.received(sizeBytes)
      reporter.changed()
    },
    onVerified() {
      movedAtMs = clock.monotonicMs()
      reporter.unblocked()
      reporter.changed()
      if (board.isComplete()) wake.notify()
    },
  }
  let movedAtMs = clock.monotonicMs()

  while (!board.isComplete()) {
    if (ending.signal.aborted) throw ending.signal.reason
    if (control?.paused) {
      reporter.state('paused')
      movedAtMs = clock.monotonicMs()
      await wake.wait(LOOK_MS)
      continue
    }
    const shift = new AbortController()
    let diskFailure: unknown = null
    const workers = new Map<ByteSource, Promise<void>>()
    try {
      while (!board.isComplete() && !ending.signal.aborted && !control?.paused && diskFailure === null) {
        for (const entry of entries) {
          if (entry.state === 'excluded' || workers.has(entry.source)) continue
          const work = workFor(entry, {
            ...place,
            signal: shift.signal,
            onDiskFailure(error) {
              diskFailure ??= error
              wake.notify()
            },
          })
          workers.set(
            entry.source,
            work.finally(() => workers.delete(entry.source)),
          )
        }
        noteStandstill(job, board, clock.monotonicMs() - movedAtMs)
        await wake.wait(LOOK_MS)
      }
    } finally {
      shift.abort(new EspalierError('CANCELLED'))
      wake.notify()
      await Promise.all(workers.values())
    }
    if (diskFailure !== null) throw diskFailure
  }
}

/** Says what holds things up, when something does; throws when nothing can change that. */
function noteStandstill({ options, limits, entries, reporter }: Job, board: PieceBoard, idleMs: number): void {
  const missing = board.missing()
  const isWorking = entries.some(({ state }) => state === 'active')
  reporter.state(isWorking || entries.some(({ available }) => available === undefined) ? 'fetching' : 'waiting')
  const isKnown = entries.every(({ state, available }) => state === 'excluded' || available !== undefined)
  const isHopeless = isKnown && !isWorking && missing.some((piece) => !entries.some((entry) => has(entry, piece)))
  if (isHopeless && !options.control?.bringsSources) throw causeOf(entries, missing, { isHopeless })
  if (isHopeless || idleMs >= limits.blockerMs) reporter.blocked(causeOf(entries, missing, { isHopeless }).report())
}
