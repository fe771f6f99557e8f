import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { FoundFile } from '../../src-shared/status'
import { folderFile } from '../shards/sources/gather-sources'
import { shardFolder } from '../shards/sources/shard-folder'
import type { ByteSource } from '../shards/sources/source'
import type { ShardStore } from '../shards/store/shard-store'
import type { EventLog } from '../storage/event-log'
import { describeFile, type FolderFile, listFolder } from './folder-files'
import type { ShardTarget } from './load-ladder'

/** A file whose size and age are the same at two looks, this far apart, is taken for complete; its hashes decide. */
export const LOOK_MS = 2_000
const MAX_SHOWN = 16

/**
 * What a file in the folder is good for at the moment: `blocks`: none are assigned yet, so it is shown; `fetch`: it is
 * offered to the fetch under way; `command`: a node that rather waits for a command goes on. Null: nothing.
 */
export type FolderUse = { for: 'blocks' } | { for: 'fetch' | 'command'; target: ShardTarget } | null

export interface FolderWatch {
  /** Whether a file of this size lay there at the last look. */
  has(sizeBytes: number): boolean
  stop: Disposer
}

/**
 * Looks for files that are copied into the shard folder, and takes each once it is no longer written to (S-28). What
 * was there when a fetch began is asked by the fetch itself.
 */
export function watchShardFolder(options: {
  store: ShardStore
  clock: Clock
  log: Pick<EventLog, 'write'>
  use: () => FolderUse
  /** Has come while its blocks are fetched. */
  onFile(source: ByteSource): void
  /** Has come while a command is waited for, and has some of the blocks. */
  onAwaited(): void
  /** What lies there while no blocks are assigned; empty otherwise. Told when it changes. */
  onFound(files: FoundFile[]): void
}): FolderWatch {
  const { store, clock, log, onFile, onAwaited, onFound } = options
  const folder = shardFolder(store.dataDirectory)
  /** The last look; null: nobody wanted to know. */
  let before: ReadonlyMap<string, FolderFile> | null = null
  /** States of those that were offered, or that a fetch has asked by itself. */
  let known = new Map<string, string>()
  let watched: ShardTarget | null = null
  let described = new Map<string, { state: string; file: FoundFile }>()
  let shown = '[]'
  let isLooking = false
  let isStopped = false

  const isStill = (path: string, { state, isWhole }: FolderFile) => isWhole && before?.get(path)?.state === state

  async function look(): Promise<void> {
    const use = options.use()
    const now = use === null ? null : await listFolder(store.disk, folder)
    show(use?.for === 'blocks' && now ? await describe(now) : [])
    if (use !== null && use.for !== 'blocks' && now) await offer(use, now)
    before = now
  }

  async function describe(now: ReadonlyMap<string, FolderFile>): Promise<FoundFile[]> {
    watched = null
    const next: typeof described = new Map()
    for (const [path, file] of [...now].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_SHOWN)) {
      const { name, sizeBytes, state } = file
      const last = described.get(path)
      if (last?.state === state && last.file.state !== 'copying') next.set(path, last)
      else if (!isStill(path, file)) next.set(path, { state, file: { name, sizeBytes, state: 'copying' } })
      else {
        next.set(path, { state, file: await describeFile(path, file) })
        log.write('info', 'shards.folder', `${path} has come; it is used as soon as blocks are assigned`)
      }
    }
    described = next
    return [...next.values()].map(({ file }) => file)
  }

  function show(files: FoundFile[]): void {
    const next = JSON.stringify(files)
    if (next === shown || isStopped) return
    shown = next
    onFound(files)
  }

  async function offer(use: NonNullable<FolderUse> & { target: ShardTarget }, now: ReadonlyMap<string, FolderFile>) {
    const { target } = use
    if (target !== watched) {
      // What the last look before it saw, the fetch saw as well; without one, what is there now.
      known = new Map([...(before ?? now)].map(([path, { state }]) => [path, state]))
      watched = target
    }
    for (const [path, file] of now) {
      if (!isStill(path, file) || known.get(path) === file.state) continue
      known.set(path, file.state)
      log.write('info', 'shards.folder', `${path} has come and is looked into`)
      for (const source of await folderFile(path, target.manifest, store)) {
        if (use.for === 'fetch') onFile(source)
        else if (await hasSome(source, target)) onAwaited()
      }
    }
  }

  const stopLooking = clock.every(LOOK_MS, () => {
    if (isLooking) return
    isLooking = true
    void look()
      .catch((error: unknown) => log.write('debug', 'shards.folder.failed', messageOf(error)))
      .finally(() => {
        isLooking = false
      })
  })
  return {
    has: (sizeBytes) => [...(before ?? [])].some(([, file]) => file.isWhole && file.sizeBytes === sizeBytes),
    stop() {
      stopLooking()
      show([])
      isStopped = true
    },
  }
}

/** Whoever rather waits is not made to fetch from elsewhere by a file that is of no use. */
async function hasSome(source: ByteSource, { manifest }: ShardTarget): Promise<boolean> {
  try {
    const pieces = await source.open(manifest, new AbortController().signal)
    return pieces === null || pieces.size > 0
  } finally {
    await source.close()
  }
}
