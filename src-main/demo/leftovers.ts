import { readlinkSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = /^espalier-demo-(?<space>\d+)-(?<pid>\d+)-[^-]+$/

/** Makes a directory for a demonstration that names its owner, so that a later start can tell whether it is still used. */
export function makeDemoDirectory(parent: string): Promise<string> {
  return mkdtemp(join(parent, `espalier-demo-${processSpace()}-${process.pid}-`))
}

/**
 * Removes what demonstrations left behind that were killed before they could tidy up. Returns the removed paths.
 * Never fails: what cannot be removed now can be removed later.
 */
export async function sweepLeftovers(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => [])
  const removed = await Promise.all(
    names.map(async (name) => {
      const owner = NAME.exec(name)?.groups
      if (!owner || owner.space !== processSpace() || isAlive(Number(owner.pid))) return []
      const path = join(parent, name)
      return rm(path, { recursive: true, force: true, maxRetries: 3 }).then(
        () => [path],
        () => [],
      )
    }),
  )
  return removed.flat()
}

/** Containers may share a directory and not their processes: a number means a process only among its own. */
function processSpace(): string {
  if (process.platform !== 'linux') return '0'
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
