import { open, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Unsaved } from '../../src-shared/app-view'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { retryHeld } from './atomic-file'
import type { EventLog } from './event-log'
import { watchWrites } from './write-watch'

/** As many as an operator would read; the disk is the same for all of them. */
const MAX_LISTED = 20
const RETRY_MS = 5_000

/**
 * Follows what the disk does not take (H-02, H-45): logs the first failure of each file, counts the others, tells
 * `onChange` at once, and tries every few seconds. What the node noted by itself lives in memory until it is saved; what
 * somebody asked to save was refused (`refusesUnsaved`), and is listed until the disk takes something again.
 */
export function watchUnsaved(options: {
  folders: readonly string[]
  clock: Clock
  log: Pick<EventLog, 'write'>
  onChange(unsaved: Unsaved[]): void
}): Disposer {
  const { clock, log } = options
  const failing = new Map<string, Unsaved>()
  let cancelRetry: Disposer | null = null
  let isDisposed = false

  const changed = () => options.onChange([...failing.values()].slice(0, MAX_LISTED))

  function failed(path: string, error: unknown): void {
    const known = failing.get(path)
    const cause = messageOf(error).slice(0, 300)
    const file = basename(path).slice(0, 80)
    failing.set(path, { file, cause, count: (known?.count ?? 0) + 1, since: known?.since ?? clock.now() })
    // Before the log: its files may be what cannot be written.
    changed()
    if (!known) log.write('error', 'state.unsaved', `${file} could not be written: ${cause}`)
    cancelRetry ??= clock.after(RETRY_MS, () => void retry())
  }

  function saved(path: string): void {
    const known = failing.get(path)
    if (!known || !failing.delete(path)) return
    changed()
    log.write('info', 'state.saved', `${known.file} is on the disk again, after ${known.count} failures`)
  }

  async function retry(): Promise<void> {
    cancelRetry = null
    for (const path of [...failing.keys()]) {
      try {
        if (await retryHeld(path)) continue
        // Nothing of it waits: whoever wrote it was told. It stands here for as long as the disk is as it was.
        await tryFile(path)
        await tryFolder(dirname(path))
        saved(path)
      } catch {
        // Counted where it failed.
      }
    }
    if (failing.size > 0 && !isDisposed) cancelRetry ??= clock.after(RETRY_MS, () => void retry())
  }

  const stop = watchWrites(options.folders, (path, error) => (error === null ? saved(path) : failed(path, error)))
  return () => {
    isDisposed = true
    stop()
    cancelRetry?.()
  }
}

/** Its folder may take files while this one is another user's, or a folder itself. One that is not there is no obstacle. */
async function tryFile(path: string): Promise<void> {
  try {
    await (await open(path, 'r+')).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A full disk takes an empty file: there must be something in it. */
async function tryFolder(folder: string): Promise<void> {
  const path = join(folder, `.write-test-${process.pid}`)
  try {
    await writeFile(path, 'x'.repeat(4096))
  } finally {
    await rm(path, { force: true })
  }
}
