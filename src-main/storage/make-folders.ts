import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Resolves to the uppermost one that was made, undefined when all
 * were there. Rejects with what the system says; ENOTDIR where a file is in the way.
 *
 * Why not `mkdir` with `recursive`: where the system answers ENOENT although everything above is there (/proc), Node
 * asks again for ever, and keeps a thread of its pool at it.
 */
export async function makeFolders(path: string, mode?: number): Promise<string | undefined> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) missing.push(at)
  for (const folder of missing.toReversed()) {
    await mkdir(folder, mode).catch(async (error: NodeJS.ErrnoException) => {
      // Somebody else made it meanwhile.
      if (error.code !== 'EEXIST' || !(await isFolder(folder))) throw error
    })
  }
  return missing.at(-1)
}

async function isFolder(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return true
  } catch (error) {
    // A root that is not there (a drive that was taken out) has nothing above it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false
    throw error
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: 'ENOTDIR' })
}
