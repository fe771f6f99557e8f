import { watch } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Disposer } from '../../../src-shared/clock'
import type { ShardFileSystem } from '../store/file-system'

/** `models_cache/shards/shard-0.gguf`, below the data directory. */
const SHARD_NAME = /^shard-\d{1,4}\.gguf$/
const RESCAN_MS = 10_000
/** A file whose size has not changed for this long is taken for complete; what is in it is hashed all the same. */
const STABLE_MS = 2_000

export interface ShardFolderFile {
  readonly path: string
  readonly sizeBytes: number
}

export function shardFolder(dataDirectory: string): string {
  return join(dataDirectory, 'models_cache', 'shards')
}

/**
 * Tells of every shard file that lies in the folder, or is copied into it, once it has stopped growing. Looks every ten
 * seconds, and as soon as the system says that something changed. A file that grows again is told of again.
 */
export function watchShardFolder(options: {
  directory: string
  disk: ShardFileSystem
  clock: Clock
  onFile: (file: ShardFolderFile) => void
}): Disposer {
  const { directory, disk, clock, onFile } = options
  const seen = new Map<string, { sizeBytes: number; modifiedMs: number; sinceMs: number; isTold: boolean }>()
  let isStopped = false
  let cancel: Disposer = () => undefined
  let isLooking = false

  async function look(): Promise<void> {
    if (isStopped || isLooking) return
    isLooking = true
    cancel()
    let isGrowing = false
    try {
      const names = await disk.list(directory).catch(() => [])
      for (const name of names.filter((candidate) => SHARD_NAME.test(candidate))) {
        const path = join(directory, name)
        const facts = await disk.facts(path).catch(() => null)
        if (facts === null || facts.isDirectory) continue
        const nowMs = clock.monotonicMs()
        const { sizeBytes, modifiedMs } = facts
        const known = seen.get(path)
        if (known?.sizeBytes !== sizeBytes || known.modifiedMs !== modifiedMs) {
          seen.set(path, { sizeBytes, modifiedMs, sinceMs: nowMs, isTold: false })
          isGrowing = true
        } else if (!known.isTold && nowMs - known.sinceMs >= STABLE_MS) {
          known.isTold = true
          if (!isStopped && sizeBytes > 0) onFile({ path, sizeBytes })
        } else if (!known.isTold) {
          isGrowing = true
        }
      }
    } finally {
      isLooking = false
    }
    if (!isStopped) cancel = clock.after(isGrowing ? STABLE_MS : RESCAN_MS, () => void look())
  }

  void look()
  const stopWatching = watchDirectory(directory, () => void look())
  return () => {
    isStopped = true
    cancel()
    stopWatching()
  }
}

/** Network drives and missing folders can't be watched: then the rescan has to do. */
function watchDirectory(directory: string, onChange: () => void): Disposer {
  try {
    const watcher = watch(directory, { persistent: false }, onChange)
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => undefined
  }
}
