import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Row, Say } from '../report'
import { inTemporaryDirectory } from '../temporary'
import { openBenchClient } from './chain'
import { measure } from './measure'
import { type BenchModel, largeModel, sampleModel } from './models'
import { decodeRows, hopRow } from './rows'
import { measureSharing } from './sharing'
import { overlapRow, sessionsRow } from './sharing-rows'

/** A 64-token answer of the large model takes seconds, a 256-token answer of the sample less than one. */
const TOKENS = { large: 64, sample: 256 }
const REPETITIONS = { full: 9, quick: 3 }

/** Decode speed of chains of 1, 2 and 3 nodes beside that of one process. Needs about 2 GB of disk while it runs. */
export function measurePipeline(options: { quick: boolean; repetitions?: number; say: Say }): Promise<Row[]> {
  const { say } = options
  const repetitions = options.repetitions ?? (options.quick ? REPETITIONS.quick : REPETITIONS.full)
  return inTemporaryDirectory(async (directory) => {
    const client = await openBenchClient()
    const measureModel = async (model: BenchModel, name: keyof typeof TOKENS) => {
      const slices = join(directory, name)
      await mkdir(slices)
      return measure({ client, model, directory: slices, repetitions, tokens: TOKENS[name], say })
    }
    try {
      say('making the large model')
      const largest = await largeModel(directory)
      const large = await measureModel(largest, 'large')
      const sharing = await measureSharing({ client, model: largest, directory, repetitions, say })
      const sample = await measureModel(await sampleModel(), 'sample')
      return [
        ...decodeRows(large, { prefix: '', hasTarget: true }),
        hopRow(large),
        overlapRow(sharing),
        sessionsRow(sharing),
        ...decodeRows(sample, { prefix: 'sample-', hasTarget: false }),
      ]
    } finally {
      await client.close()
    }
  })
}
