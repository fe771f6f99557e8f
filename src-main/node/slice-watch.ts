import { stat } from 'node:fs/promises'
import type { Clock, Disposer } from '../../src-shared/clock'

/** Often enough that few answers come from bytes that nobody has verified; a look costs one call of the system. */
const LOOK_MS = 2_000

/**
 * Tells, once, when one of the files is no longer what it was at the call: other bytes may lie in it, and an engine
 * that has it mapped computes with those from then on. A file that is gone does not count: what is mapped stays.
 */
export function watchSlice(options: {
  paths: readonly string[]
  clock: Clock
  onChanged(path: string): void
}): Disposer {
  const { paths, clock, onChanged } = options
  const before = new Map<string, Promise<string | null>>(paths.map((path) => [path, markOf(path)]))
  let isOver = false
  let cancel: Disposer = () => undefined

  async function look(): Promise<void> {
    for (const path of paths) {
      const [was, is] = await Promise.all([before.get(path), markOf(path)])
      if (isOver) return
      if (!was) before.set(path, Promise.resolve(is))
      else if (is !== null && is !== was) {
        isOver = true
        onChanged(path)
        return
      }
    }
    cancel = clock.after(LOOK_MS, () => void look())
  }

  cancel = clock.after(LOOK_MS, () => void look())
  return () => {
    isOver = true
    cancel()
  }
}

/** Not the time of the last change of the entry: a further name for the same file changes that. */
async function markOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null)
  return found && `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`
}
