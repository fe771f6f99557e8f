import { setImmediate } from 'node:timers/promises'
import { nodeFileSystem, type ShardFile, type ShardFileSystem } from '../../src-main/shards/store/file-system'

const QUIET_TURNS = 5

/**
 * The real disk, and `quiet`, which resolves when nobody waits for it any more: made time must not go on while the disk
 * takes its real time, or a slow moment of it looks like a standstill.
 */
export function quietDisk(): { disk: ShardFileSystem; quiet(): Promise<void> } {
  let pending = 0

  function watched<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      pending++
      try {
        return await call(...args)
      } finally {
        pending--
      }
    }
  }

  const watchedFile = (file: ShardFile): ShardFile => ({
    read: watched(file.read),
    write: watched(file.write),
    truncate: watched(file.truncate),
    sync: watched(file.sync),
    close: watched(file.close),
  })
  // What does not go through the store shows here.
  const isBusy = () => pending > 0 || process.getActiveResourcesInfo().includes('FSReqPromise')
  return {
    async quiet() {
      for (let turns = 0; turns < QUIET_TURNS; turns = isBusy() ? 0 : turns + 1) await setImmediate()
    },
    disk: {
      open: watched(async (path, mode) => watchedFile(await nodeFileSystem.open(path, mode))),
      makeDirectory: watched(nodeFileSystem.makeDirectory),
      rename: watched(nodeFileSystem.rename),
      remove: watched(nodeFileSystem.remove),
      list: watched(nodeFileSystem.list),
      facts: watched(nodeFileSystem.facts),
      readSmall: watched(nodeFileSystem.readSmall),
      freeBytes: watched(nodeFileSystem.freeBytes),
      syncDirectory: watched(nodeFileSystem.syncDirectory),
    },
  }
}
