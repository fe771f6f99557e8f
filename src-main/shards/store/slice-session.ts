import type { Clock } from '../../../src-shared/clock'
import { throwIfCancelled } from '../source-file'
import { replaceFile, type ShardFileSystem } from './file-system'
import { type Journal, openJournal } from './journal'
import type { PieceMap } from './piece-map'
import { openSliceFiles, type SliceFiles } from './slice-files'
import type { SlicePaths, StoredRecord } from './stored-slice'
import { verifyPieces } from './verify-pieces'

/** Data is pushed to the disk in steps of this, beside the download: the last step is then a short one. */
const SYNC_EVERY_BYTES = 64 * 2 ** 20

/** An unfinished slice: pieces go in, in any order, until it is whole. One session per directory at a time. */
export interface SliceSession {
  /** Verified, on this computer, by this session or before it. */
  readonly verified: ReadonlySet<number>
  /** Bytes of a piece that lie there unverified, from its beginning. */
  partialBytes(pieceIndex: number): number
  /** Reads unverified bytes back, to be hashed with those that follow. */
  readPartial(pieceIndex: number, target: Uint8Array): Promise<boolean>
  write(pieceIndex: number, skip: number, bytes: Uint8Array): Promise<void>
  /** The piece is in the files from its beginning up to here. */
  notePartial(pieceIndex: number, sizeBytes: number): Promise<void>
  noteVerified(pieceIndex: number): Promise<void>
  /** What lies there of the piece is not what it should be. */
  drop(pieceIndex: number): Promise<void>
  /** Gives the files their names and writes the record. Only when every piece is verified. */
  finish(): Promise<StoredRecord>
  /** Leaves everything for the next session. */
  close(): Promise<void>
}

/**
 * Opens what an earlier session left, and hashes again whatever it called verified. Throws what the disk throws, and
 * CANCELLED.
 */
export async function openSliceSession(options: {
  disk: ShardFileSystem
  clock: Clock
  map: PieceMap
  paths: SlicePaths
  onProgress?: (verifiedBytes: number, totalBytes: number) => void
  signal?: AbortSignal
}): Promise<SliceSession> {
  const { disk, map, paths, onProgress, signal } = options
  await disk.makeDirectory(paths.directory)
  // Without its record, whatever lies there counts for nothing until it is hashed again.
  await disk.remove(paths.record)
  let isFresh = true
  for (const { name } of map.files) {
    const partial = await disk.facts(paths.partial(name))
    if (partial === null && (await disk.facts(paths.finished(name))) !== null) {
      await disk.rename(paths.finished(name), paths.partial(name))
      isFresh = false
    } else if (partial !== null) {
      isFresh = false
    }
  }
  const journal = await openJournal(disk, paths.journal)
  try {
    const files = await openSliceFiles(disk, map, paths.partial, 'update')
    try {
      if (isFresh || (await files.checkMade()) !== null) await files.prepare({ overwrite: !isFresh })
      const claimed = journal.state.verified
      const { good, bad } = await verifyPieces(map, files, {
        only: claimed,
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
      })
      for (const index of bad) await journal.dropped(index)
      throwIfCancelled(signal)
      return session(options, journal, files, new Set(good))
    } catch (error) {
      await files.close()
      throw error
    }
  } catch (error) {
    await journal.close()
    throw error
  }
}

function session(
  { disk, clock, map, paths }: { disk: ShardFileSystem; clock: Clock; map: PieceMap; paths: SlicePaths },
  journal: Journal,
  files: SliceFiles,
  verified: Set<number>,
): SliceSession {
  const known = new Map(map.pieces.map((piece) => [piece.index, piece.sizeBytes]))
  const partial = new Map([...journal.state.partial].filter(([index, size]) => size < (known.get(index) ?? 0)))
  let unsyncedBytes = 0
  let syncing: Promise<void> | null = null
  let isClosed = false

  async function pushToDisk(): Promise<void> {
    await files.sync()
    await journal.sync()
  }

  return {
    verified,
    partialBytes: (index) => partial.get(index) ?? 0,
    readPartial: (index, target) => files.read(index, 0, target),
    write: (index, skip, bytes) => files.write(index, skip, bytes),
    async notePartial(index, sizeBytes) {
      partial.set(index, sizeBytes)
      await journal.partial(index, sizeBytes)
    },
    async noteVerified(index) {
      partial.delete(index)
      verified.add(index)
      await journal.verified(index)
      unsyncedBytes += known.get(index) ?? 0
      if (unsyncedBytes < SYNC_EVERY_BYTES || syncing !== null) return
      unsyncedBytes = 0
      // A failure shows in the next write, or in the sync that finish() waits for.
      const done = () => {
        syncing = null
      }
      syncing = pushToDisk().then(done, done)
    },
    async drop(index) {
      partial.delete(index)
      verified.delete(index)
      await journal.dropped(index)
    },
    async finish() {
      await syncing
      await files.sync()
      await this.close()
      const record: StoredRecord = {
        format: 2,
        manifestRoot: map.manifest.root,
        range: map.range,
        files: [],
        pieces: map.pieces.length,
        madeAt: clock.now(),
      }
      for (const { name } of map.files) {
        await disk.rename(paths.partial(name), paths.finished(name))
        const facts = await disk.facts(paths.finished(name))
        record.files.push({ name, sizeBytes: facts?.sizeBytes ?? 0, modifiedMs: facts?.modifiedMs ?? 0 })
      }
      await disk.syncDirectory(paths.directory)
      await replaceFile(disk, paths.record, Buffer.from(`${JSON.stringify(record, null, 2)}\n`))
      await disk.syncDirectory(paths.directory)
      await disk.remove(paths.journal)
      return record
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await syncing
      await files.close()
      await journal.close()
    },
  }
}
