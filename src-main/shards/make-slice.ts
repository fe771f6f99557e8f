import { open, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlockRange } from '../../src-shared/blocks'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { makeFolders } from '../storage/make-folders'
import { modelShape } from './architectures'
import { parseGgufHeader } from './gguf-parse'
import type { GgufHeader } from './gguf-types'
import { type Manifest, piecesFor } from './manifest'
import { ENTRY_FILE, PARTIAL_SUFFIX, RECORD_FILE, SLICE_FILE } from './models'
import { checkPieces } from './pieces'
import { diskOperation, PlanWriter, type WrittenFile } from './plan-writer'
import { type FilePlan, planSlice, planVocabulary } from './slice-plan'
import { openSource, type SourceFile, throwIfCancelled } from './source-file'
import { findSlice, type SliceRecord, type VerifiedSlice } from './verify-slice'

export interface MakeSliceOptions {
  /** The whole model on this computer. */
  modelPath: string
  manifest: Manifest
  range: BlockRange
  /** The slice's own directory; made when missing. One call per directory at a time. */
  directory: string
  clock: Clock
  /** Bytes of the source that were verified, at most ten times per second, and once at the end. */
  onProgress?: (verifiedBytes: number, totalBytes: number) => void
  /** Every piece with the hash that its bytes have, as it is read: for those who keep count of what was hashed. */
  onPieceHashed?: (index: number, sha256: string) => void
  signal?: AbortSignal
}

export interface MadeSlice extends VerifiedSlice {
  /** It lay there finished, and its files were hashed again; no piece was read. */
  readonly wasThere: boolean
}

const PROGRESS_INTERVAL_MS = 100

/**
 * Makes the slice of a range, and the entry file with the first block, from a model file. Every piece is verified
 * against the manifest before one of its bytes is written; files get their names only when they are complete and on
 * the disk, and the record that makes them count is written last. A slice that is already there is verified, not
 * copied; anything unfinished or damaged is made anew.
 *
 * Throws BLOCK_RANGE_INVALID, CUT_UNSUPPORTED, MANIFEST_MISMATCH (another file), GGUF_TRUNCATED, SHARD_HASH_MISMATCH
 * (a damaged piece, by number), SHARD_MISSING, SHARD_READ_FAILED, SHARD_WRITE_FAILED, CANCELLED.
 */
export async function makeSlice(options: MakeSliceOptions): Promise<MadeSlice> {
  const { modelPath, manifest, range, directory, clock, signal } = options
  const pieces = piecesFor(manifest, range)
  const report = throttledProgress(options)
  const expected = { manifestRoot: manifest.root, range }
  const found = await findSlice(directory, { expected, onProgress: report, ...(signal && { signal }) })
  if (found !== null) return { ...found, wasThere: true }

  const source = await openSource(modelPath, signal)
  try {
    const header = await verifiedHeader(source, manifest)
    checkPieces(header, manifest.pieces)
    const plans = [
      { name: SLICE_FILE, plan: planSlice(header, range) },
      ...(range.start === 0 ? [{ name: ENTRY_FILE, plan: planVocabulary(header) }] : []),
    ]
    const firstMade = await clearDirectory(directory)
    try {
      const [slice, entry] = await writeFiles(directory, plans, (writers) =>
        copyPieces(source, pieces, writers, { report, onPieceHashed: options.onPieceHashed }),
      )
      if (slice === undefined) throw new EspalierError('INTERNAL', 'no slice was written')
      throwIfCancelled(signal)
      const names = { slicePath: join(directory, SLICE_FILE), entryPath: entry ? join(directory, ENTRY_FILE) : null }
      const record = { format: 1, manifestRoot: manifest.root, range, slice, entry: entry ?? null } as const
      await writeRecord(directory, { ...record, madeAt: clock.now() })
      return { ...names, ...slice, range, manifestRoot: manifest.root, wasThere: false }
    } catch (error) {
      await clearDirectory(directory).catch(() => {
        // A disk that failed may fail again. Nothing is lost: without a record, what lies there counts as nothing.
      })
      await removeMade(directory, firstMade)
      throw error
    }
  } finally {
    await source.close()
  }
}

/** Writes files under temporary names and gives them their own when all are complete and on the disk. */
async function writeFiles(
  directory: string,
  files: readonly { name: string; plan: FilePlan }[],
  feed: (writers: readonly PlanWriter[]) => Promise<void>,
): Promise<WrittenFile[]> {
  const writers: PlanWriter[] = []
  const finished: WrittenFile[] = []
  try {
    for (const { name, plan } of files) {
      writers.push(await PlanWriter.create(plan, join(directory, name + PARTIAL_SUFFIX)))
    }
    await feed(writers)
    for (const writer of writers) finished.push(await writer.finish())
  } finally {
    for (const writer of writers) await writer.close()
  }
  await diskOperation(async () => {
    for (const { name } of files) await rename(join(directory, name + PARTIAL_SUFFIX), join(directory, name))
    await syncDirectory(directory)
  })
  return finished
}

/** Reads the header and checks that it is the manifest's before a byte of it is interpreted. */
async function verifiedHeader(source: SourceFile, manifest: Manifest): Promise<GgufHeader> {
  const { sizeBytes } = manifest.file
  if (source.sizeBytes < sizeBytes) {
    throw new EspalierError('GGUF_TRUNCATED', `it has ${source.sizeBytes} of ${sizeBytes} bytes`)
  }
  if (source.sizeBytes > sizeBytes) {
    throw new EspalierError('MANIFEST_MISMATCH', `it has ${source.sizeBytes} bytes, not ${sizeBytes}`)
  }
  const bytes = new Uint8Array(manifest.header.sizeBytes)
  const sha256 = await source.read(0, bytes)
  if (sha256 !== manifest.header.sha256) throw new EspalierError('MANIFEST_MISMATCH', 'its header is another one')
  const header = parseGgufHeader(bytes, sizeBytes)
  const shape = modelShape(header)
  const isSame =
    header.dataOffset === manifest.header.sizeBytes &&
    shape.architecture === manifest.architecture &&
    shape.blockCount === manifest.blockCount &&
    shape.embeddingLength === manifest.embeddingLength &&
    shape.vocabSize === manifest.vocabSize &&
    shape.tiedOutput === manifest.tiedOutput
  if (!isSame) throw new EspalierError('MANIFEST_MISMATCH', 'its header says something else than the manifest')
  return header
}

async function copyPieces(
  source: SourceFile,
  pieces: ReturnType<typeof piecesFor>,
  writers: readonly PlanWriter[],
  {
    report,
    onPieceHashed,
  }: { report: ReturnType<typeof throttledProgress>; onPieceHashed: MakeSliceOptions['onPieceHashed'] },
): Promise<void> {
  const totalBytes = pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0)
  const buffer = new Uint8Array(Math.max(...pieces.map((piece) => piece.sizeBytes)))
  let verifiedBytes = 0
  for (const { index, offset, sizeBytes, sha256 } of pieces) {
    const bytes = buffer.subarray(0, sizeBytes)
    const found = await source.read(offset, bytes)
    onPieceHashed?.(index, found)
    if (found !== sha256) {
      throw new EspalierError('SHARD_HASH_MISMATCH', `piece ${index}, ${sizeBytes} bytes from ${offset}`)
    }
    for (const writer of writers) await writer.feed(offset, bytes)
    verifiedBytes += sizeBytes
    report(verifiedBytes, totalBytes)
  }
}

async function writeRecord(directory: string, record: SliceRecord): Promise<void> {
  const path = join(directory, RECORD_FILE)
  await diskOperation(async () => {
    await writeFile(path + PARTIAL_SUFFIX, `${JSON.stringify(record, null, 2)}\n`, { flush: true })
    await rename(path + PARTIAL_SUFFIX, path)
    await syncDirectory(directory)
  })
}

/**
 * Removes whatever an earlier attempt left, the record first: files without it count as nothing. Resolves to the
 * uppermost folder that had to be made.
 */
async function clearDirectory(directory: string): Promise<string | undefined> {
  return diskOperation(async () => {
    const firstMade = await makeFolders(directory)
    for (const name of [RECORD_FILE, SLICE_FILE, ENTRY_FILE]) {
      await rm(join(directory, name), { force: true })
      await rm(join(directory, name + PARTIAL_SUFFIX), { force: true })
    }
    return firstMade
  })
}

/** Takes back the folders that were made for a slice that failed, as far as they are empty. */
async function removeMade(directory: string, firstMade: string | undefined): Promise<void> {
  if (firstMade === undefined) return
  for (let folder = directory; folder.length >= firstMade.length; folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!isGone) return
  }
}

/** A rename is on the disk when its directory is. Windows has no such call and does not need it. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function throttledProgress({ clock, onProgress }: MakeSliceOptions): (doneBytes: number, totalBytes: number) => void {
  let nextAtMs = Number.NEGATIVE_INFINITY
  return (doneBytes, totalBytes) => {
    if (doneBytes < totalBytes && clock.monotonicMs() < nextAtMs) return
    nextAtMs = clock.monotonicMs() + PROGRESS_INTERVAL_MS
    onProgress?.(doneBytes, totalBytes)
  }
}
