import { createHash } from 'node:crypto'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { type ModelFile, openModel } from './gguf-read'

// Hashed piecewise, so that the event loop gets its turn every few milliseconds.
const CHUNK_BYTES = 2 ** 20

/** A model file that is only read. */
export interface SourceFile {
  readonly sizeBytes: number
  /** Fills `target` from `offset` and returns the hex SHA-256 of those bytes. */
  read(offset: number, target: Uint8Array): Promise<string>
  close(): Promise<void>
}

/**
 * Opens a file for hashing reads. Errors: SHARD_MISSING (cannot be opened), GGUF_TRUNCATED (ends too early),
 * SHARD_READ_FAILED (the system says no), CANCELLED.
 */
export async function openSource(path: string, signal?: AbortSignal): Promise<SourceFile> {
  const file = await openModel(path)
  return {
    sizeBytes: file.sizeBytes,
    read: (offset, target) => readHashed(file, path, offset, target, signal),
    close: () => file.close(),
  }
}

async function readHashed(
  file: ModelFile,
  path: string,
  offset: number,
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  for (let done = 0; done < target.byteLength; ) {
    throwIfCancelled(signal)
    const wanted = Math.min(CHUNK_BYTES, target.byteLength - done)
    const part = target.subarray(done, done + wanted)
    const count = await file.read(part, offset + done).catch((error: unknown) => {
      throw new EspalierError('SHARD_READ_FAILED', messageOf(error), { cause: error })
    })
    if (count === 0) throw new EspalierError('GGUF_TRUNCATED', `${path} ends at byte ${offset + done}`)
    hash.update(part.subarray(0, count))
    done += count
  }
  return hash.digest('hex')
}

/** Throws CANCELLED when the signal has been aborted. */
export function throwIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new EspalierError('CANCELLED', undefined, { cause: signal.reason })
}

/** Hex SHA-256 and size of a whole file; a megabyte at a time. */
export async function hashFile(path: string, onBytes?: (sizeBytes: number) => void, signal?: AbortSignal) {
  const file = await openModel(path)
  try {
    const hash = createHash('sha256')
    const buffer = new Uint8Array(CHUNK_BYTES)
    let sizeBytes = 0
    for (;;) {
      throwIfCancelled(signal)
      const count = await file.read(buffer, sizeBytes).catch((error: unknown) => {
        throw new EspalierError('SHARD_READ_FAILED', messageOf(error), { cause: error })
      })
      if (count === 0) return { sizeBytes, sha256: hash.digest('hex') }
      hash.update(buffer.subarray(0, count))
      sizeBytes += count
      onBytes?.(count)
    }
  } finally {
    await file.close()
  }
}
