import { join } from 'node:path'
import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { folderFile } from '../shards/sources/gather-sources'
import { shardFolder } from '../shards/sources/shard-folder'
import type { ByteSource } from '../shards/sources/source'
import type { ShardStore } from '../shards/store/shard-store'
import type { EventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'

/** A file whose size and age are the same at two looks, this far apart, is taken for complete; its hashes decide. */
export const LOOK_MS = 2_000

/**
 * Looks for files that are copied into the shard folder while a fetch is under way, and offers each once it is no
 * longer written to (S-28). What was there when the fetch began is asked by the fetch itself.
 */
export function watchShardFolder(options: {
  store: ShardStore
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** What is being fetched; null while nothing is. */
  target: () => ShardTarget | null
  onFile(source: ByteSource): void
}): Disposer {
  const { store, clock, log, onFile } = options
  const folder = shardFolder(store.dataDirectory)
  /** By path: size and age at the last look, and those of what was offered or known before. */
  let before = new Map<string, string>()
  const known = new Map<string, string>()
  let watched: ShardTarget | null = null
  let isLooking = false

  async function look(): Promise<void> {
    const target = options.target()
    const now = new Map<string, string>()
    for (const name of target ? await store.disk.list(folder) : []) {
      const path = join(folder, name)
      const facts = name.endsWith('.gguf') ? await store.disk.facts(path) : null
      if (facts && !facts.isDirectory) now.set(path, `${facts.sizeBytes} ${facts.modifiedMs}`)
    }
    if (target !== watched) {
      known.clear()
      for (const [path, state] of now) known.set(path, state)
    } else if (target) {
      for (const [path, state] of now) {
        if (before.get(path) !== state || known.get(path) === state) continue
        known.set(path, state)
        log.write('info', 'shards.folder', `${path} has come and is looked into`)
        for (const source of await folderFile(path, target.manifest, store)) onFile(source)
      }
    }
    watched = target
    before = now
  }

  return clock.every(LOOK_MS, () => {
    if (isLooking) return
    isLooking = true
    void look()
      .catch((error: unknown) => log.write('debug', 'shards.folder.failed', messageOf(error)))
      .finally(() => {
        isLooking = false
      })
  })
}
