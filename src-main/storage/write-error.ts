import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, messageOf } from '../../src-shared/errors'

/** What the disk said, in a code that says what to do: room is made otherwise than a right to write (H-46). */
export function writeError(error: unknown, otherwise: ErrorCode): EspalierError {
  if (error instanceof EspalierError) return error
  const { code } = error as NodeJS.ErrnoException
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new EspalierError(isFull ? 'DISK_NO_ROOM' : otherwise, messageOf(error), { cause: error })
}

/** Runs a write whose failure somebody is told of; rejects with DISK_NO_ROOM or `otherwise`. */
export async function writing<T>(otherwise: ErrorCode, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw writeError(error, otherwise)
  }
}
