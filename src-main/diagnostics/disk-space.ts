import { statfs } from 'node:fs/promises'
import { bytesInWords } from '../../src-shared/bytes-in-words'
import { messageOf } from '../../src-shared/errors'
import { piecesFor } from '../shards/manifest'
import { type CheckDefinition, fail, pass, unknown, warn } from './check'
import { existingFolder } from './existing-folder'

/** Below this even state files and logs are in danger. */
const MIN_FREE_BYTES = 200e6
const COMFORTABLE_FREE_BYTES = 1e9

export const diskSpace: CheckDefinition = {
  id: 'disk-space',
  title: 'Disk space',
  async look({ data, running, status }) {
    const room = await statfs(await existingFolder(data.root)).catch((error: unknown) => messageOf(error))
    if (typeof room === 'string') return unknown(room)
    const freeBytes = room.bavail * room.bsize
    const evidence = `${bytesInWords(freeBytes)} free`
    if (freeBytes < MIN_FREE_BYTES) return fail('DISK_ALMOST_FULL', evidence)
    const target = running?.target
    const isFetched = status?.steps.some(({ name, state }) => name === 'fetch' && state === 'done') ?? false
    if (target && !isFetched) {
      const neededBytes = piecesFor(target.manifest, target.range).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const needed = `${evidence}, the blocks of this computer need ${bytesInWords(neededBytes)}`
      if (neededBytes > freeBytes) return fail('SHARD_WRITE_FAILED', needed)
    }
    return freeBytes < COMFORTABLE_FREE_BYTES ? warn('DISK_ALMOST_FULL', evidence) : pass(evidence)
  },
}
