import { dirname, join } from 'node:path'
import type { BlockRange } from '../../../src-shared/blocks'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../../src-shared/errors'
import type { GgufHeader } from '../gguf-types'
import type { Manifest } from '../manifest'
import { ENTRY_FILE, SLICE_FILE, sliceDirectory, TOKENIZER_FILE } from '../models'
import { encodeTokenizer } from '../slice-plan'
import { findSlice, type VerifiedSlice } from '../verify-slice'
import { createDiskUse, type DiskUse } from './disk-use'
import { nodeFileSystem, replaceFile, type ShardFileSystem } from './file-system'
import { headerOf, mapPieces, type PieceMap } from './piece-map'
import { openSliceFiles } from './slice-files'
import { openSliceSession, type SliceSession } from './slice-session'
import { readStoredRecord, slicePaths } from './stored-slice'
import { type PieceCheckOptions, verifyPieces } from './verify-pieces'
import { HEADER_FILE, isHeader, MANIFEST_FILE } from './verify-stored'

export interface VerifyStoredOptions extends PieceCheckOptions {
  /** Told which pieces are damaged, before they are put aside. */
  onDamaged?: (pieces: readonly number[]) => void
}

/**
 * The models on this computer: `models_cache/<root>/<start>-<end>/` below the data directory. Directories are named
 * after the root of the manifest, so that the same bytes are never kept twice and another model is never mistaken.
 */
export interface ShardStore {
  readonly dataDirectory: string
  readonly disk: ShardFileSystem
  readonly clock: Clock
  readonly use: DiskUse
  /** The verified header of a model that was fetched before; null when it is not there or damaged. */
  header(manifest: Manifest): Promise<GgufHeader | null>
  /** Keeps manifest and header. Throws MANIFEST_MISMATCH when the bytes are not the manifest's. */
  saveHeader(manifest: Manifest, bytes: Uint8Array): Promise<GgufHeader>
  /**
   * The path of a file with the model's tokenizer alone, whose every byte is as the verified header says; it is written
   * where it is not. Null where there is no header. Throws SHARD_WRITE_FAILED, DISK_FULL.
   */
  tokenizer(manifest: Manifest): Promise<string | null>
  map(manifest: Manifest, header: GgufHeader, blocks: BlockRange): PieceMap
  /**
   * A finished slice, every byte hashed again just now (L3); null when there is none. Damaged pieces turn it back into
   * an unfinished one that lacks exactly these.
   */
  verify(manifest: Manifest, blocks: BlockRange, options?: VerifyStoredOptions): Promise<VerifiedSlice | null>
  /** Cheap: whether a finished slice's files are the size and age that they were. No byte is read. */
  looksUntouched(manifest: Manifest, blocks: BlockRange): Promise<boolean>
  begin(map: PieceMap, options?: Pick<PieceCheckOptions, 'onProgress' | 'signal'>): Promise<SliceSession>
  /** One fetch per slice at a time: throws BAD_ARGUMENT when it is taken. */
  lock(directory: string): Disposer
}

export interface ShardStoreOptions {
  dataDirectory: string
  clock: Clock
  fileSystem?: ShardFileSystem
  /** Most bytes that models may take; null: as much as the disk has. Asked again each time. */
  capBytes?: () => number | null
}

export function createShardStore(options: ShardStoreOptions): ShardStore {
  const { dataDirectory, clock, fileSystem: disk = nodeFileSystem, capBytes = () => null } = options
  const locked = new Set<string>()
  const modelDirectory = (manifest: Manifest) =>
    dirname(sliceDirectory(dataDirectory, manifest.root, { start: 0, end: 1 }))

  const store: ShardStore = {
    dataDirectory,
    disk,
    clock,
    use: createDiskUse({ disk, clock, directory: join(dataDirectory, 'models_cache'), capBytes }),

    async header(manifest) {
      const bytes = await readable(join(modelDirectory(manifest), HEADER_FILE), manifest.header.sizeBytes)
      if (bytes === null || !isHeader(manifest, bytes)) return null
      return headerOf(manifest, bytes)
    },

    async saveHeader(manifest, bytes) {
      if (!isHeader(manifest, bytes)) throw new EspalierError('MANIFEST_MISMATCH', 'its header is another one')
      const header = headerOf(manifest, bytes)
      await disk.makeDirectory(modelDirectory(manifest))
      // The header last: where it is, the manifest is too.
      await replaceFile(disk, join(modelDirectory(manifest), MANIFEST_FILE), Buffer.from(JSON.stringify(manifest)))
      await replaceFile(disk, join(modelDirectory(manifest), HEADER_FILE), bytes)
      return header
    },

    async tokenizer(manifest) {
      const header = await store.header(manifest)
      if (header === null) return null
      const path = join(modelDirectory(manifest), TOKENIZER_FILE)
      const bytes = encodeTokenizer(header)
      const found = await readable(path, bytes.byteLength)
      if (found === null || !Buffer.from(found).equals(bytes)) await replaceFile(disk, path, bytes)
      return path
    },

    map: mapPieces,

    async verify(manifest, blocks, checks = {}) {
      const paths = slicePaths(dataDirectory, manifest, blocks)
      const record = await readStoredRecord(disk, paths.record)
      if (record === null) return verifyOlder(paths.directory, manifest, blocks, checks)
      const header = await store.header(manifest)
      const isOurs = record.manifestRoot === manifest.root && isSameRange(record.range, blocks)
      if (header === null || !isOurs) return null
      const map = mapPieces(manifest, header, blocks)
      const found = await checkFinished(map, paths.finished, checks)
      if (found === null) return null
      if (found.bad.length > 0 || found.isMadeBad) {
        checks.onDamaged?.(found.bad)
        await putAside(map, found.good)
        return null
      }
      const slice = await disk.facts(paths.finished(SLICE_FILE))
      return {
        slicePath: paths.finished(SLICE_FILE),
        entryPath: blocks.start === 0 ? paths.finished(ENTRY_FILE) : null,
        sizeBytes: slice?.sizeBytes ?? 0,
        sha256: found.digest,
        range: { start: blocks.start, end: blocks.end },
        manifestRoot: manifest.root,
      }
    },

    async looksUntouched(manifest, blocks) {
      const paths = slicePaths(dataDirectory, manifest, blocks)
      const record = await readStoredRecord(disk, paths.record)
      if (record === null) return false
      for (const { name, sizeBytes, modifiedMs } of record.files) {
        const facts = await disk.facts(paths.finished(name))
        if (facts?.sizeBytes !== sizeBytes || facts.modifiedMs !== modifiedMs) return false
      }
      return true
    },

    begin: (map, session = {}) =>
      openSliceSession({ disk, clock, map, paths: slicePaths(dataDirectory, map.manifest, map.range), ...session }),

    lock(directory) {
      if (locked.has(directory)) throw new EspalierError('BAD_ARGUMENT', `${directory} is being fetched already`)
      locked.add(directory)
      return () => void locked.delete(directory)
    },
  }

  /** Null for what cannot be read, or is longer than it may be: it counts as not there. */
  async function readable(path: string, maxBytes: number): Promise<Uint8Array | null> {
    return disk.readSmall(path, maxBytes).catch((error: unknown) => {
      if (isErrorCode(error, 'SHARD_READ_FAILED')) return null
      throw error
    })
  }

  /** Null when files are missing: then there is nothing to put aside either. */
  async function checkFinished(map: PieceMap, pathOf: (name: string) => string, checks: PieceCheckOptions) {
    let files: Awaited<ReturnType<typeof openSliceFiles>>
    try {
      files = await openSliceFiles(disk, map, pathOf, 'read')
    } catch (error) {
      if (isErrorCode(error, 'SHARD_MISSING')) return null
      throw error
    }
    try {
      const isMadeBad = (await files.checkMade()) !== null
      return { ...(await verifyPieces(map, files, checks)), isMadeBad }
    } finally {
      await files.close()
    }
  }

  /** Back to unfinished, with a journal of the pieces that are good: only the others are fetched again. */
  async function putAside(map: PieceMap, good: ReadonlySet<number>): Promise<void> {
    const paths = slicePaths(dataDirectory, map.manifest, map.range)
    await disk.remove(paths.record)
    await disk.remove(paths.journal)
    const session = await store.begin(map)
    for (const index of good) await session.noteVerified(index)
    await session.close()
  }

  return store
}

/** Slices that were cut from a file on this computer have the hash of each file in their record. */
async function verifyOlder(
  directory: string,
  manifest: Manifest,
  range: BlockRange,
  { onProgress, signal }: VerifyStoredOptions,
): Promise<VerifiedSlice | null> {
  return findSlice(directory, {
    expected: { manifestRoot: manifest.root, range },
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  })
}

function isSameRange(a: BlockRange, b: BlockRange): boolean {
  return a.start === b.start && a.end === b.end
}
