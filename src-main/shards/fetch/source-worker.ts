import type { Clock } from '../../../src-shared/clock'
import { EspalierError, reportOf } from '../../../src-shared/errors'
import type { Manifest, ManifestPiece } from '../manifest'
import { isLocal } from '../sources/source'
import type { SliceSession } from '../store/slice-session'
import { createAssembler, PieceRejected, RunEnded } from './assembler'
import type { Bandwidth } from './bandwidth'
import type { BufferPool } from './buffer-pool'
import type { PieceBoard, Run } from './piece-board'
import { has, noteFailure, type SourceEntry, tierOf } from './source-book'
import type { FetchEvent, FetchLimits } from './types'
import type { Wake } from './wake'

/** What the workers of one fetch share. */
export interface WorkPlace {
  readonly manifest: Manifest
  readonly board: PieceBoard
  readonly session: SliceSession
  readonly pool: BufferPool
  readonly bandwidth: Bandwidth
  readonly clock: Clock
  readonly limits: FetchLimits
  readonly wake: Wake
  readonly entries: readonly SourceEntry[]
  readonly startedAtMs: number
  /** Ends all work: cancelled, paused, disk full, done. */
  readonly signal: AbortSignal
  emit(event: FetchEvent): void
  onReceived(sizeBytes: number): void
  onVerified(): void
  /** The disk, not a source, has failed. */
  onDiskFailure(error: unknown): void
}

/** Who is nearer has this long to get going before others are asked as well. */
const FARTHER_WAITS_MS = 5_000
/** Who has not said what it has by then does not hold others up. */
const OPEN_WAITS_MS = 2_000
const LOOK_AGAIN_MS = 500
const MAX_RUN_BYTES = 256 * 2 ** 20
const WATCH_MS = 1_000
const DISK_CODES: ReadonlySet<string> = new Set(['DISK_FULL', 'DISK_CAP_REACHED', 'SHARD_WRITE_FAILED'])

/** Works for one source until the slice is whole, the source is excluded, or the work ends. Never rejects. */
export async function workFor(entry: SourceEntry, place: WorkPlace): Promise<void> {
  const { board, wake, clock, signal } = place
  while (!signal.aborted && !board.isComplete() && entry.state !== 'excluded') {
    const waitMs = entry.retryAtMs - clock.monotonicMs()
    if (waitMs > 0) {
      await wake.wait(Math.min(waitMs, LOOK_AGAIN_MS))
      continue
    }
    try {
      if (entry.available === undefined) {
        entry.available = await withTimeout(place, place.limits.stallMs, (inner) =>
          entry.source.open(place.manifest, inner),
        )
        wake.notify()
      }
      const run = mayBegin(entry, place) ? claim(entry, place) : null
      if (run === null) await wake.wait(LOOK_AGAIN_MS)
      else await readRun(entry, run, place)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof EspalierError && DISK_CODES.has(error.code)) return place.onDiskFailure(error)
      const excluded = noteFailure(entry, error, clock.monotonicMs())
      place.emit({ type: 'source-failed', source: entry.source.id, error: reportOf(error), excluded })
      wake.notify()
    }
  }
}

function mayBegin(entry: SourceEntry, { entries, limits }: WorkPlace): boolean {
  return entry.state === 'active' || entries.filter(({ state }) => state === 'active').length < limits.maxSources
}

function claim(entry: SourceEntry, place: WorkPlace): Run | null {
  const { entries, board, clock } = place
  const nowMs = clock.monotonicMs()
  const elapsedMs = nowMs - place.startedAtMs
  const better = entries.filter((other) => other !== entry && isBefore(other, entry, elapsedMs, nowMs))
  const remote = entries.filter((other) => other.state !== 'excluded' && !isLocal(other.source.kind)).length
  // With several sources, shares; with one, as few requests as possible.
  const share = remote > 1 ? Math.ceil((board.neededBytes - board.verifiedBytes()) / (2 * remote)) : MAX_RUN_BYTES
  return board.claim({
    source: entry.source.id,
    nowMs,
    maxBytes: Math.min(MAX_RUN_BYTES, share),
    may: (piece) => has(entry, piece) && !better.some((other) => mightHave(other, piece, elapsedMs)),
  })
}

function isBefore(other: SourceEntry, entry: SourceEntry, elapsedMs: number, nowMs: number): boolean {
  if (other.state === 'excluded' || other.retryAtMs > nowMs || other.failuresInARow > 0) return false
  const [theirs, ours] = [tierOf(other), tierOf(entry)]
  return theirs < ours && (theirs === 0 || elapsedMs < FARTHER_WAITS_MS)
}

function mightHave(other: SourceEntry, piece: ManifestPiece, elapsedMs: number): boolean {
  return other.available === undefined ? elapsedMs < OPEN_WAITS_MS : has(other, piece)
}

async function readRun(entry: SourceEntry, run: Run, place: WorkPlace): Promise<void> {
  const { board, session, pool, clock, limits, wake } = place
  const { source } = entry
  entry.state = 'active'
  entry.verifiedAtMs = clock.monotonicMs()
  const stop = new AbortController()
  const onEnd = () => stop.abort(place.signal.reason)
  place.signal.addEventListener('abort', onEnd, { once: true })
  const stopWatching = clock.every(WATCH_MS, () => {
    if (isStalled(entry, run, place)) {
      place.emit({ type: 'source-stalled', source: source.id })
      stop.abort(new EspalierError('TIMED_OUT', `${source.label} gave no piece for ${limits.stallMs / 1000} s`))
    }
  })
  try {
    const assembler = await createAssembler(run, session, pool, clock, {
      onVerified(piece, sha256) {
        board.verified(run, piece)
        entry.verifiedPieces++
        entry.failuresInARow = 0
        entry.verifiedAtMs = clock.monotonicMs()
        place.onVerified()
        place.emit({ type: 'piece-verified', piece: piece.index, sha256, source: source.id })
      },
      onRejected: (piece) => place.emit({ type: 'piece-rejected', piece: piece.index, source: source.id }),
    })
    const last = run.pieces.at(-1)
    const end = last === undefined ? assembler.offset : last.offset + last.sizeBytes
    const isFree = isLocal(source.kind)
    const requestedBytes = end - assembler.offset
    let receivedBytes = 0
    let failure: unknown = null
    try {
      await source.read(
        { offset: assembler.offset, sizeBytes: requestedBytes },
        (bytes) => {
          // A source that does not look at its signal ends here: paused means paused.
          if (stop.signal.aborted) return Promise.reject(stop.signal.reason)
          receivedBytes += bytes.byteLength
          entry.receivedBytes += bytes.byteLength
          entry.rate.add(bytes.byteLength)
          run.movedAtMs = clock.monotonicMs()
          place.onReceived(bytes.byteLength)
          const taken = assembler.sink(bytes)
          const paced = isFree ? undefined : place.bandwidth.take(bytes.byteLength)
          return paced === undefined ? taken : Promise.all([taken, paced]).then(() => undefined)
        },
        stop.signal,
      )
      if (receivedBytes !== requestedBytes) {
        throw new EspalierError('PROTOCOL_VIOLATION', `${receivedBytes} of ${requestedBytes} bytes came`)
      }
    } catch (error) {
      failure = stop.signal.aborted ? stop.signal.reason : error
    }
    await assembler.finish()
    if (failure !== null && !(failure instanceof RunEnded)) throw failure
  } catch (error) {
    if (error instanceof PieceRejected && !error.isMixed) entry.rejected.add(error.piece.index)
    if (!(error instanceof PieceRejected && error.isMixed)) throw error
  } finally {
    stopWatching()
    place.signal.removeEventListener('abort', onEnd)
    board.release(run)
    if (entry.state === 'active') entry.state = 'waiting'
    wake.notify()
  }
}

/** No verified piece for too long counts where somebody else could do better; silence counts always. */
function isStalled(entry: SourceEntry, run: Run, { clock, limits, entries }: WorkPlace): boolean {
  const nowMs = clock.monotonicMs()
  if (nowMs - entry.verifiedAtMs < limits.stallMs) return false
  if (nowMs - run.movedAtMs >= limits.stallMs) return true
  return entries.some(
    (other) =>
      other !== entry &&
      other.state === 'waiting' &&
      other.retryAtMs <= nowMs &&
      run.pieces.slice(run.begun - 1).some((piece) => has(other, piece)),
  )
}

/** Runs with a signal that aborts with the work, or when time is up. */
export async function withTimeout<T>(
  { clock, signal }: Pick<WorkPlace, 'clock' | 'signal'>,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const onEnd = () => stop.abort(signal.reason)
  signal.addEventListener('abort', onEnd, { once: true })
  if (signal.aborted) onEnd()
  const cancel = clock.after(timeoutMs, () =>
    stop.abort(new EspalierError('TIMED_OUT', `no answer within ${timeoutMs / 1000} s`)),
  )
  // A source that does not look at its signal must not hold the fetch.
  const ended = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true })
  })
  try {
    return await Promise.race([run(stop.signal), ended])
  } finally {
    cancel()
    signal.removeEventListener('abort', onEnd)
  }
}
