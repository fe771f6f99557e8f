import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBlocks } from '../../src-shared/blocks'
import { SLICE_FILE, sliceDirectory } from '../shards/models'
import { verifySlice } from '../shards/verify-slice'
import { bytesInWords, type CheckDefinition, fail, pass, unknown } from './check'

/** What a slow disk reads in the time that a check has. */
const MAX_HASHED_BYTES = 256e6

export const shardFiles: CheckDefinition = {
  id: 'shard-files',
  title: 'Model files',
  async look({ running, status, data }, signal) {
    if (!running?.target || !status) return unknown('no blocks are assigned to this computer now')
    const fetched = status.steps.find(({ name }) => name === 'fetch')
    if (fetched?.state !== 'done') return unknown('the blocks are not on this computer yet')
    const { manifest, range } = running.target
    const directory = sliceDirectory(data.root, manifest.root, range)
    const blocks = `block${range.end - range.start === 1 ? '' : 's'} ${formatBlocks(range)}`
    const file = join(directory, SLICE_FILE)
    const found = await stat(file).catch(() => null)
    if (found === null) return fail('SHARD_MISSING', file)
    if (found.size > MAX_HASHED_BYTES) {
      const [last] = fetched.evidence
      return pass(
        `${blocks}, ${bytesInWords(found.size)}; too large to be hashed here. When they were fetched: ${last?.value}`,
      )
    }
    const { sizeBytes, sha256 } = await verifySlice(directory, {
      expected: { manifestRoot: manifest.root, range },
      signal,
    })
    return pass(`${blocks}, ${bytesInWords(sizeBytes)}, hashed just now: sha256 ${sha256.slice(0, 16)}…`)
  },
}
