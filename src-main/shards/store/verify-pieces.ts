import { createHash } from 'node:crypto'
import { throwIfCancelled } from '../source-file'
import { hashPiece } from './piece-hash'
import type { PieceMap } from './piece-map'
import type { SliceFiles } from './slice-files'

export interface PieceCheck {
  readonly good: ReadonlySet<number>
  readonly bad: readonly number[]
  /** Hex SHA-256 over the hashes that were found, in file order: names what lies on the disk. */
  readonly digest: string
}

export interface PieceCheckOptions {
  /** Only these; otherwise all that the slice needs. */
  only?: ReadonlySet<number>
  onProgress?: (verifiedBytes: number, totalBytes: number) => void
  /** Every piece with the hash that its bytes have. */
  onPieceHashed?: (index: number, sha256: string) => void
  signal?: AbortSignal
}

/** Hashes pieces as they lie in the files, and compares them with the manifest. Throws CANCELLED, SHARD_READ_FAILED. */
export async function verifyPieces(
  map: PieceMap,
  files: SliceFiles,
  { only, onProgress, onPieceHashed, signal }: PieceCheckOptions = {},
): Promise<PieceCheck> {
  const pieces = map.pieces.filter(({ index }) => only === undefined || only.has(index))
  const totalBytes = pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const longest = pieces.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0)
  const buffer = new Uint8Array(longest)
  const good = new Set<number>()
  const bad: number[] = []
  const digest = createHash('sha256')
  let verifiedBytes = 0
  for (const { index, sizeBytes, sha256 } of pieces) {
    throwIfCancelled(signal)
    const bytes = buffer.subarray(0, sizeBytes)
    const isThere = await files.read(index, 0, bytes)
    const found = isThere ? await hashPiece(bytes) : ''
    onPieceHashed?.(index, found)
    digest.update(found)
    if (found === sha256) {
      good.add(index)
      verifiedBytes += sizeBytes
      onProgress?.(verifiedBytes, totalBytes)
    } else {
      bad.push(index)
    }
  }
  return { good, bad, digest: digest.digest('hex') }
}
