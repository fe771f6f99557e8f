import { nodeFileSystem, type ShardFileSystem, writeFailure } from '../../src-main/shards/store/file-system'

export interface FaultDisk extends ShardFileSystem {
  /** Calls so far that change something on the disk. */
  readonly changes: number
  /** Whether this call, counted from 1, finds the disk full. */
  isFull(call: number): boolean
}

/** The real disk, on which any changing call can be told that there is no room. */
export function faultDisk(isFull: (call: number) => boolean = () => false): FaultDisk {
  let changes = 0
  const room = () => {
    if (disk.isFull(++changes))
      throw writeFailure(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
  }
  const disk: FaultDisk = {
    ...nodeFileSystem,
    isFull,
    get changes() {
      return changes
    },
    async open(path, mode) {
      if (mode !== 'read') room()
      const file = await nodeFileSystem.open(path, mode)
      return {
        ...file,
        async write(bytes, position) {
          // A full disk takes a part of what it is given.
          try {
            room()
          } catch (error) {
            await file.write(bytes.subarray(0, bytes.byteLength >> 1), position)
            throw error
          }
          await file.write(bytes, position)
        },
        async truncate(sizeBytes) {
          room()
          await file.truncate(sizeBytes)
        },
        async sync() {
          room()
          await file.sync()
        },
      }
    },
    async makeDirectory(path) {
      room()
      await nodeFileSystem.makeDirectory(path)
    },
    async rename(from, to) {
      room()
      await nodeFileSystem.rename(from, to)
    },
    async syncDirectory(path) {
      room()
      await nodeFileSystem.syncDirectory(path)
    },
  }
  return disk
}
