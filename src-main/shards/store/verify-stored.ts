import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { EspalierError } from '../../../src-shared/errors'
import { GGUF_LIMITS } from '../gguf-parse'
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../manifest'
import { ENTRY_FILE, RECORD_FILE, SLICE_FILE } from '../models'
import type { VerifiedSlice } from '../verify-slice'
import { nodeFileSystem, type ShardFileSystem } from './file-system'
import { headerOf, mapPieces } from './piece-map'
import { openSliceFiles } from './slice-files'
import { pathsIn, readStoredRecord } from './stored-slice'
import { type PieceCheckOptions, verifyPieces } from './verify-pieces'

/** Beside the slices of a model: what is needed to verify them without asking anyone. */
export const HEADER_FILE = 'header.bin'
export const MANIFEST_FILE = 'manifest.json'

export function isHeader({ header }: Manifest, bytes: Uint8Array): boolean {
  return bytes.byteLength === header.sizeBytes && createHash('sha256').update(bytes).digest('hex') === header.sha256
}

/**
 * As the store's `verify`, for those who have only the directory of a slice: the manifest is the one that was kept
 * with it, and its root must be the one that the record names.
 */
export async function verifyStoredDirectory(
  directory: string,
  checks: PieceCheckOptions = {},
  disk: ShardFileSystem = nodeFileSystem,
): Promise<VerifiedSlice | null> {
  const record = await readStoredRecord(disk, join(directory, RECORD_FILE))
  if (record === null) return null
  const bytes = await disk.readSmall(join(dirname(directory), MANIFEST_FILE), MAX_MANIFEST_BYTES)
  const headerBytes = await disk.readSmall(join(dirname(directory), HEADER_FILE), GGUF_LIMITS.headerBytes)
  if (bytes === null || headerBytes === null) return null
  const manifest = parseManifest(bytes)
  if (manifest.root !== record.manifestRoot || !isHeader(manifest, headerBytes)) return null
  const map = mapPieces(manifest, headerOf(manifest, headerBytes), record.range)
  const paths = pathsIn(directory)
  const files = await openSliceFiles(disk, map, paths.finished, 'read')
  try {
    const { bad, digest } = await verifyPieces(map, files, checks)
    const madeBad = await files.checkMade()
    if (bad.length > 0 || madeBad !== null) {
      throw new EspalierError(
        'SHARD_HASH_MISMATCH',
        `${directory}, ${madeBad ?? `pieces ${bad.slice(0, 10).join(', ')}`}`,
      )
    }
    const slice = await disk.facts(paths.finished(SLICE_FILE))
    return {
      slicePath: paths.finished(SLICE_FILE),
      entryPath: record.range.start === 0 ? paths.finished(ENTRY_FILE) : null,
      sizeBytes: slice?.sizeBytes ?? 0,
      sha256: digest,
      range: record.range,
      manifestRoot: manifest.root,
    }
  } finally {
    await files.close()
  }
}
