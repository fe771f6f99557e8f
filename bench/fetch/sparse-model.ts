import { open } from 'node:fs/promises'
import { encodeGgufHeader } from '../../src-main/shards/gguf-write'
import { LARGE } from '../../test/models/synthetic'
import { syntheticEntries, syntheticTensors } from '../../test/models/synthetic-layout'

/** A model of zeros in the shape of a 7B one: only its header takes room on the disk. */
export async function makeSparseModel(path: string, blockCount: number): Promise<number> {
  const options = {
    ...LARGE,
    name: 'Sparse',
    blockCount,
    embeddingLength: 4096,
    headCount: 32,
    feedForwardLength: 11_008,
  }
  const { bytes, fileSizeBytes } = encodeGgufHeader(syntheticEntries(options), syntheticTensors(options))
  const file = await open(path, 'w')
  await file.write(bytes)
  await file.truncate(fileSizeBytes)
  await file.close()
  return fileSizeBytes
}
