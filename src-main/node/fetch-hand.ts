import type { Clock, Disposer } from '../../src-shared/clock'
import { createFetchControl, type FetchControl } from '../shards/fetch/fetch-control'
import { fileSource } from '../shards/sources/file-source'
import type { ShardStore } from '../shards/store/shard-store'
import type { EventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'
import type { Transfers } from './transfers'
import { watchShardFolder } from './watch-shard-folder'

/**
 * The operator's hand on whatever is fetched: a pause, a file that is chosen, a file that is copied into the shard
 * folder. None of it waits for the next attempt.
 */
export function createFetchHand(options: {
  transfers: Transfers
  store: ShardStore
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** What is being fetched; null while nothing is. */
  fetching: () => ShardTarget | null
}): { control: FetchControl; stop: Disposer } {
  const { transfers, store, clock, log, fetching } = options
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
  const stopWatching = watchShardFolder({ store, clock, log, target: fetching, onFile: control.addSource })
  return {
    control,
    stop() {
      stopFollowing()
      stopWatching()
    },
  }
}
