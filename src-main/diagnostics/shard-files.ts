import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBlocks } from '../../src-shared/blocks'
import { bytesInWords } from '../../src-shared/bytes-in-words'
import { piecesFor } from '../shards/manifest'
import { SLICE_FILE, sliceDirectory } from '../shards/models'
import { verifySlice } from '../shards/verify-slice'
import { type CheckDefinition, fail, pass, unknown } from './check'

/** What a slow disk reads in the time that a check has. */
const MAX_HASHED_BYTES = 256e6

export const shardFiles: CheckDefinition = {
  id: 'shard-files',
  title: 'Model files',
  async look({ running, status, data }, signal) {
    if (!running?.target || !status) return unknown('no blocks are assigned to this computer now')
    const fetched = status.steps.find(({ name }) => name === 'fetch')
    const { manifest, range } = running.target
    const directory = sliceDirectory(data.root, manifest.root, range)
    const blocks = `block${range.end - range.start === 1 ? '' : 's'} ${formatBlocks(range)}`
    const file = join(directory, SLICE_FILE)
    const found = await stat(file).catch(() => null)
    if (found === null) {
      const needed = piecesFor(manifest, range).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const { done = 0 } = fetched?.state === 'working' && fetched.progress?.unit === 'bytes' ? fetched.progress : {}
      if (done > 0) return unknown(`${blocks}: ${bytesInWords(done)} of ${bytesInWords(needed)} are here`)
      return fail('SHARD_MISSING', `${blocks}, ${bytesInWords(needed)}; looked for at ${file}`)
    }
    if (fetched?.state !== 'done') return unknown(`${blocks}, ${bytesInWords(found.size)}, not verified yet`)
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
