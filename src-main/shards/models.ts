import { join } from 'node:path'
import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'

/** Enough of the root to tell models apart, short enough for Windows' path limit. */
const ROOT_PREFIX_LENGTH = 16

export const SLICE_FILE = 'slice.gguf'
export const ENTRY_FILE = 'entry.gguf'
/** Beside the slices of a model. */
export const TOKENIZER_FILE = 'tokenizer.gguf'
export const RECORD_FILE = 'slice.json'
/** Files with this ending are unfinished, whoever left them. */
export const PARTIAL_SUFFIX = '.partial'

/** Where the slice of a model with this manifest root lives under a data directory. */
export function sliceDirectory(dataDirectory: string, manifestRoot: string, range: BlockRange): string {
  if (!/^[0-9a-f]{64}$/.test(manifestRoot)) throw new EspalierError('MANIFEST_INVALID', 'the root is not a SHA-256')
  const { start, end } = range
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start) {
    throw new EspalierError('BLOCK_RANGE_INVALID', formatBlocks(range))
  }
  return join(dataDirectory, 'models_cache', manifestRoot.slice(0, ROOT_PREFIX_LENGTH), `${start}-${end}`)
}
