import { createHash, type Hash } from 'node:crypto'
import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import type { ManifestPiece } from '../manifest'
import type { ByteSink } from '../sources/source'
import type { SliceSession } from '../store/slice-session'
import type { BufferPool } from './buffer-pool'
import type { Run } from './piece-board'

/**
 * Unfinished pieces reach the disk in parts of at least this, and not more often than this: what a kill costs. A source
 * that gave its last piece faster than 20 MB/s has longer for the next one, and so has it written in one go: each write
 * wakes another thread, which a fast source would feel.
 */
const FLUSH_BYTES = 64 * 1024
const FLUSH_MS = 50
const FAST_BYTES_PER_MS = 20_000
const FAST_PIECE_MS = 200

/** Thrown into a source's `read` when another source has taken over the rest of its run. Not a failure. */
export class RunEnded extends Error {}

/** Thrown when a piece is not what the manifest says. */
export class PieceRejected extends EspalierError {
  constructor(
    readonly piece: ManifestPiece,
    /** The bytes came from more than one source, or from before a kill: nobody in particular is to blame. */
    readonly isMixed: boolean,
  ) {
    super('SHARD_HASH_MISMATCH', `piece ${piece.index}, ${piece.sizeBytes} bytes from ${piece.offset}`)
  }
}

export interface AssemblerEvents {
  onVerified(piece: ManifestPiece, sha256: string): void | Promise<void>
  onRejected(piece: ManifestPiece): void
}

interface Current {
  readonly piece: ManifestPiece
  readonly buffer: Uint8Array<ArrayBuffer>
  readonly skipped: number
  /** Over what was filled. As the bytes come, while they are in the processor's cache: no second pass, no copy. */
  readonly hash: Hash
  filled: number
  flushed: number
  readonly begunAtMs: number
  flushedAtMs: number
  /** Parts go to the disk one after the other, so that the journal never runs ahead of them. */
  writing: Promise<void>
}

/**
 * Makes pieces out of a stream of bytes: collects and hashes one in a buffer, and while it is written, the next one
 * fills another buffer.
 */
export async function createAssembler(
  run: Run,
  session: SliceSession,
  pool: BufferPool,
  clock: Clock,
  events: AssemblerEvents,
): Promise<{ readonly offset: number; readonly sink: ByteSink; finish(): Promise<void> }> {
  const finishing = new Set<Promise<void>>()
  let failure: unknown = null
  let current: Current | null = null
  let isFast = false

  async function begin(): Promise<Current> {
    const piece = run.pieces[run.begun]
    if (piece === undefined) throw new RunEnded()
    run.begun++
    const buffer = await pool.acquire()
    // The request was for whole pieces but for the first.
    const skipped = run.begun === 1 ? session.partialBytes(piece.index) : 0
    // A released buffer must not be lost, whatever fails between here and its end.
    const isThere =
      skipped === 0 || (await session.readPartial(piece.index, buffer.subarray(0, skipped)).catch(() => false))
    const from = isThere ? skipped : 0
    const hash = createHash('sha256').update(buffer.subarray(0, from))
    const nowMs = clock.monotonicMs()
    const writing = Promise.resolve()
    const times = { begunAtMs: nowMs, flushedAtMs: nowMs }
    return { piece, buffer, hash, skipped: from, filled: from, flushed: from, ...times, writing }
  }

  function flush(piece: Current): void {
    const { flushed, filled, buffer } = piece
    if (filled === flushed) return
    piece.flushed = filled
    piece.flushedAtMs = clock.monotonicMs()
    const isWhole = filled === piece.piece.sizeBytes
    piece.writing = piece.writing.then(async () => {
      await session.write(piece.piece.index, flushed, buffer.subarray(flushed, filled))
      if (!isWhole) await session.notePartial(piece.piece.index, filled)
    })
    // Looked at in `complete` or `finish`; until then it must not count as unhandled.
    piece.writing.catch((error: unknown) => {
      failure ??= error
    })
  }

  function isDue({ filled, flushed, begunAtMs, flushedAtMs }: Current): boolean {
    if (filled - flushed < FLUSH_BYTES) return false
    const nowMs = clock.monotonicMs()
    return nowMs - flushedAtMs >= FLUSH_MS && (!isFast || nowMs - begunAtMs >= FAST_PIECE_MS)
  }

  async function complete({ piece, buffer, hash, skipped, writing }: Current): Promise<void> {
    try {
      const sha256 = hash.digest('hex')
      await writing
      if (sha256 !== piece.sha256) {
        await session.drop(piece.index)
        events.onRejected(piece)
        throw new PieceRejected(piece, skipped > 0)
      }
      await session.noteVerified(piece.index)
      await events.onVerified(piece, sha256)
    } catch (error) {
      failure ??= error
    } finally {
      // The write may still read from it.
      await writing.catch(() => undefined)
      pool.release(buffer)
    }
  }

  function take(bytes: Uint8Array): Promise<void> | undefined {
    let at = 0
    while (at < bytes.byteLength) {
      if (failure !== null) return Promise.reject(failure)
      if (current === null) {
        const rest = bytes.subarray(at)
        return begin().then((next) => {
          current = next
          return take(rest)
        })
      }
      const { piece, buffer } = current
      const length = Math.min(bytes.byteLength - at, piece.sizeBytes - current.filled)
      const part = bytes.subarray(at, at + length)
      buffer.set(part, current.filled)
      current.hash.update(part)
      current.filled += length
      at += length
      const isFull = current.filled === piece.sizeBytes
      if (isFull || isDue(current)) flush(current)
      if (isFull) {
        isFast = piece.sizeBytes > FAST_BYTES_PER_MS * (clock.monotonicMs() - current.begunAtMs)
        const done = complete(current)
        finishing.add(done)
        done.then(() => finishing.delete(done)).catch(() => undefined)
        current = null
      }
    }
    return undefined
  }

  current = await begin()
  const [first] = run.pieces
  return {
    offset: (first?.offset ?? 0) + current.skipped,
    sink: take,
    async finish() {
      const unfinished = current
      current = null
      if (unfinished !== null) {
        flush(unfinished)
        await unfinished.writing.catch(() => undefined)
        pool.release(unfinished.buffer)
      }
      await Promise.all(finishing)
      if (failure !== null) throw failure
    },
  }
}
