import { join } from 'node:path'
import * as z from 'zod'
import type { BlockRange } from '../../../src-shared/blocks'
import type { Manifest } from '../manifest'
import { PARTIAL_SUFFIX, RECORD_FILE, sliceDirectory } from '../models'
import type { ShardFileSystem } from './file-system'

const MAX_RECORD_BYTES = 16_384
const JOURNAL_FILE = 'pieces.journal'

/** Written last: without it, what lies in the directory is an unfinished slice. */
export const StoredRecordSchema = z.object({
  format: z.literal(2),
  manifestRoot: z.string().regex(/^[0-9a-f]{64}$/),
  range: z.object({ start: z.int().min(0), end: z.int().min(1) }),
  /** As they were when the slice was finished: a file that was touched since shows here. */
  files: z.array(z.object({ name: z.string().max(64), sizeBytes: z.int().min(1), modifiedMs: z.number() })).max(3),
  pieces: z.int().min(1),
  /** Epoch milliseconds. */
  madeAt: z.number(),
})
export type StoredRecord = z.infer<typeof StoredRecordSchema>

export interface SlicePaths {
  readonly directory: string
  readonly record: string
  readonly journal: string
  finished(name: string): string
  partial(name: string): string
}

export function slicePaths(dataDirectory: string, manifest: Pick<Manifest, 'root'>, range: BlockRange): SlicePaths {
  return pathsIn(sliceDirectory(dataDirectory, manifest.root, range))
}

export function pathsIn(directory: string): SlicePaths {
  return {
    directory,
    record: join(directory, RECORD_FILE),
    journal: join(directory, JOURNAL_FILE),
    finished: (name) => join(directory, name),
    partial: (name) => join(directory, name + PARTIAL_SUFFIX),
  }
}

/** The record of a finished slice of this store; null when there is none, or it is damaged or of another kind. */
export async function readStoredRecord(disk: ShardFileSystem, path: string): Promise<StoredRecord | null> {
  const facts = await disk.facts(path)
  if (facts === null || facts.sizeBytes > MAX_RECORD_BYTES) return null
  const bytes = await disk.readSmall(path, MAX_RECORD_BYTES)
  if (bytes === null) return null
  try {
    const parsed = StoredRecordSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
