import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import { ENTRY_FILE, RECORD_FILE, SLICE_FILE } from './models'
import { hashFile } from './source-file'
import { verifyStoredDirectory } from './store/verify-stored'

const MAX_RECORD_BYTES = 16_384

const FileRecordSchema = z.object({ sizeBytes: z.int().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** Written last: a directory without it holds no slice. */
export const SliceRecordSchema = z.object({
  format: z.literal(1),
  manifestRoot: z.string().regex(/^[0-9a-f]{64}$/),
  range: z.object({ start: z.int().min(0), end: z.int().min(1) }),
  slice: FileRecordSchema,
  /** Only with the first block. */
  entry: FileRecordSchema.nullable(),
  /** Epoch milliseconds. */
  madeAt: z.number(),
})
export type SliceRecord = z.infer<typeof SliceRecordSchema>

export interface VerifiedSlice {
  readonly slicePath: string
  /** The entry file; null when the slice does not begin with the first block. */
  readonly entryPath: string | null
  /**
   * Size of the slice file, and a hex SHA-256 that names its bytes as they were found just now: of the file when it was
   * cut here from a whole model, over the hashes of its pieces when it was fetched.
   */
  readonly sizeBytes: number
  readonly sha256: string
  readonly range: BlockRange
  readonly manifestRoot: string
}

export interface VerifyOptions {
  /** What the slice has to be; another one counts as missing. */
  expected?: { manifestRoot: string; range: BlockRange }
  onProgress?: (verifiedBytes: number, totalBytes: number) => void
  signal?: AbortSignal
}

/**
 * Hashes the files of a finished slice from beginning to end and compares them with its record: load level L3.
 * Throws SHARD_MISSING when there is no finished slice, SHARD_HASH_MISMATCH when its bytes are not the ones that were
 * written, CANCELLED.
 */
export async function verifySlice(directory: string, options: VerifyOptions = {}): Promise<VerifiedSlice> {
  const stored = await verifyStoredDirectory(directory, { ...options })
  if (stored !== null) {
    if (isExpectedSlice(options.expected, stored)) return stored
    throw new EspalierError('SHARD_MISSING', `${directory} holds another slice`)
  }
  const record = await readRecord(directory)
  const { range, manifestRoot, slice, entry } = record
  const { expected, onProgress, signal } = options
  if (!isExpectedSlice(expected, record)) {
    throw new EspalierError('SHARD_MISSING', `${directory} holds blocks ${formatBlocks(range)} of ${manifestRoot}`)
  }
  const files = [{ name: SLICE_FILE, ...slice }, ...(entry === null ? [] : [{ name: ENTRY_FILE, ...entry }])]
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  let verifiedBytes = 0
  for (const file of files) {
    const path = join(directory, file.name)
    const found = await hashFile(
      path,
      (bytes) => {
        verifiedBytes += bytes
        onProgress?.(verifiedBytes, totalBytes)
      },
      signal,
    )
    if (found.sizeBytes !== file.sizeBytes || found.sha256 !== file.sha256) {
      throw new EspalierError('SHARD_HASH_MISMATCH', path)
    }
  }
  return {
    slicePath: join(directory, SLICE_FILE),
    entryPath: entry === null ? null : join(directory, ENTRY_FILE),
    sizeBytes: slice.sizeBytes,
    sha256: slice.sha256,
    range,
    manifestRoot,
  }
}

function isExpectedSlice(
  expected: VerifyOptions['expected'],
  { manifestRoot, range }: Pick<VerifiedSlice, 'manifestRoot' | 'range'>,
): boolean {
  return (
    expected === undefined ||
    (expected.manifestRoot === manifestRoot && expected.range.start === range.start && expected.range.end === range.end)
  )
}

/** As verifySlice, but null when there is no such slice or it is damaged: it has to be made (again). */
export async function findSlice(directory: string, options: VerifyOptions): Promise<VerifiedSlice | null> {
  try {
    return await verifySlice(directory, options)
  } catch (error) {
    if (isErrorCode(error, 'SHARD_MISSING') || isErrorCode(error, 'SHARD_HASH_MISMATCH')) return null
    throw error
  }
}

async function readRecord(directory: string): Promise<SliceRecord> {
  const path = join(directory, RECORD_FILE)
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new EspalierError('SHARD_MISSING', messageOf(error), { cause: error })
  })
  let text: string
  try {
    if ((await file.stat()).size > MAX_RECORD_BYTES) throw new EspalierError('SHARD_HASH_MISMATCH', path)
    text = await file.readFile('utf8')
  } finally {
    await file.close()
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new EspalierError('SHARD_HASH_MISMATCH', `${path}: ${messageOf(error)}`)
  }
  const parsed = SliceRecordSchema.safeParse(value)
  if (!parsed.success) throw new EspalierError('SHARD_HASH_MISMATCH', `${path} is not the record of a slice`)
  return parsed.data
}
