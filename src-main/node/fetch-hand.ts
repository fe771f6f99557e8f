import type { Clock, Disposer } from '../../src-shared/clock'
import type { FoundFile } from '../../src-shared/status'
import { createFetchControl, type FetchControl } from '../shards/fetch/fetch-control'
import { fileSource } from '../shards/sources/file-source'
import type { ShardStore } from '../shards/store/shard-store'
import type { EventLog } from '../storage/event-log'
import type { Transfers } from './transfers'
import { type FolderUse, type FolderWatch, watchShardFolder } from './watch-shard-folder'

/**
 * The operator's hand on whatever is fetched: a pause, a file that is chosen, a file that is copied into the shard
 * folder. None of it waits for the next attempt.
 */
export function createFetchHand(options: {
  transfers: Transfers
  store: ShardStore
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** What a file that comes into the shard folder is good for now. */
  use: () => FolderUse
  onAwaited(): void
  onFound(files: FoundFile[]): void
}): { control: FetchControl; folder: FolderWatch; stop: Disposer } {
  const { transfers, store, clock, log, use, onAwaited, onFound } = options
  let { isPaused, modelPath } = transfers.wishes()
  // An attempt without hope ends, and the next one gathers its sources anew.
  const control = createFetchControl({ paused: isPaused, bringsSources: false })
  const stopFollowing = transfers.onChange(() => {
    const before = modelPath
    ;({ isPaused, modelPath } = transfers.wishes())
    if (isPaused) control.pause()
    else control.resume()
    if (modelPath !== null && modelPath !== before) control.addSource(fileSource(modelPath, store.disk))
  })
  const folder = watchShardFolder({ store, clock, log, use, onFile: control.addSource, onAwaited, onFound })
  return {
    control,
    folder,
    stop() {
      stopFollowing()
      folder.stop()
    },
  }
}
