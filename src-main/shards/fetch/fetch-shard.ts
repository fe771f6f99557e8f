import { createHash } from 'node:crypto'
import { formatBlocks } from '../../../src-shared/blocks'
import { bytesInWords } from '../../../src-shared/bytes-in-words'
import { EspalierError, isErrorCode } from '../../../src-shared/errors'
import { throwIfCancelled } from '../source-file'
import type { ByteSource } from '../sources/source'
import type { PieceMap } from '../store/piece-map'
import { slicePaths } from '../store/stored-slice'
import type { VerifiedSlice } from '../verify-slice'
import { fetchPieces } from './fetch-pieces'
import { createReporter, type Reporter } from './reporter'
import { createSourceEntry, type SourceEntry } from './source-book'
import { DEFAULT_LIMITS, type FetchedShard, type FetchLimits, type FetchOptions } from './types'

const DISK_RETRY_MS = 5_000

/**
 * Gets the slice of a model that holds these blocks: verifies what is there, fetches exactly the pieces that are
 * missing from whoever has them, and writes each to its place in the slice. Whatever was verified survives a kill at
 * any moment. While the disk is full it waits and looks again; everything else that no source can help with is thrown,
 * unless a `control` is there that may bring another source.
 *
 * Throws BLOCK_RANGE_INVALID, CUT_UNSUPPORTED, ARCH_UNSUPPORTED, GGUF_INVALID, MANIFEST_MISMATCH (header and manifest
 * disagree), FETCH_NO_SOURCE, FETCH_SOURCES_FAILED, FETCH_PIECES_REJECTED, SOURCE_GATED (all sources are out),
 * DISK_CAP_REACHED, SHARD_WRITE_FAILED, SHARD_READ_FAILED, CANCELLED.
 */
export async function fetchShard(options: FetchOptions): Promise<FetchedShard> {
  const { manifest, blocks, store, clock, signal } = options
  const limits: FetchLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const paths = slicePaths(store.dataDirectory, manifest, blocks)
  const unlock = store.lock(paths.directory)
  const letGo = store.use.hold(paths.directory)
  const reporter = createReporter(options)
  const entries: SourceEntry[] = options.sources.map((source) => createSourceEntry(source, clock))
  try {
    const found = await verifyThere(options, reporter)
    if (found !== null) return finished(options, reporter, found, true)
    for (;;) {
      throwIfCancelled(signal)
      try {
        const map = await fetchPieces({ options, limits, entries, reporter })
        // Who was used last is worth knowing, and not worth a fetch.
        await store.use.touch(paths.directory).catch(() => undefined)
        return finished(options, reporter, sliceOf(options, map), false)
      } catch (error) {
        if (!isErrorCode(error, 'DISK_FULL')) throw error
        // Nothing is lost: what was verified is on the disk, and room may be made at any time.
        reporter.blocked(withNumbers(error, reporter.missingBytes()).report())
        await clock.sleep(DISK_RETRY_MS, signal)
      }
    }
  } catch (error) {
    if (signal?.aborted) throw new EspalierError('CANCELLED', undefined, { cause: signal.reason })
    throw error
  } finally {
    reporter.stop()
    letGo()
    unlock()
    await Promise.allSettled(entries.map(({ source }: { source: ByteSource }) => source.close()))
  }
}

async function verifyThere({ manifest, blocks, store, signal }: FetchOptions, reporter: Reporter) {
  return store.verify(manifest, blocks, {
    onProgress: (verifiedBytes, totalBytes) => reporter.checking(verifiedBytes, totalBytes),
    onPieceHashed: (piece, sha256) => reporter.emit({ type: 'piece-verified', piece, sha256, source: null }),
    ...(signal && { signal }),
  })
}

function sliceOf({ manifest, blocks, store }: FetchOptions, map: PieceMap): VerifiedSlice {
  const paths = slicePaths(store.dataDirectory, manifest, blocks)
  const [slice, entry] = map.files
  if (slice === undefined) throw new EspalierError('INTERNAL', `no slice of blocks ${formatBlocks(blocks)}`)
  return {
    slicePath: paths.finished(slice.name),
    entryPath: blocks.start === 0 && entry !== undefined ? paths.finished(entry.name) : null,
    sizeBytes: slice.sizeBytes,
    sha256: digestOf(map),
    range: { start: blocks.start, end: blocks.end },
    manifestRoot: manifest.root,
  }
}

function finished(
  { manifest, blocks, clock }: FetchOptions,
  reporter: Reporter,
  slice: VerifiedSlice,
  wasThere: boolean,
): FetchedShard {
  reporter.finished()
  const { neededBytes, receivedBytes, neededPieces } = reporter.totals()
  return {
    ...slice,
    proof: {
      manifestRoot: manifest.root,
      blocks: { start: blocks.start, end: blocks.end },
      pieces: neededPieces,
      provenAt: clock.now(),
    },
    wasThere,
    neededBytes,
    receivedBytes,
  }
}

/** Whoever looked for room knows how much is missing; what the system says when a write fails is a file's name. */
function withNumbers(error: EspalierError, missingBytes: number): EspalierError {
  if (error.cause === undefined) return error
  return new EspalierError('DISK_FULL', `${bytesInWords(missingBytes)} more are needed`, { cause: error })
}

/** The same as a verification of the finished files gives: over the hashes of the pieces, which are the manifest's. */
function digestOf({ pieces }: PieceMap): string {
  const digest = createHash('sha256')
  for (const { sha256 } of pieces) digest.update(sha256)
  return digest.digest('hex')
}
