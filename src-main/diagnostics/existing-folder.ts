import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The path itself where there is something, else the nearest folder above it that is there. */
export async function existingFolder(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if (at === dirname(at) || (await isThere(at))) return at
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}
