import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { openBenchClient } from '../../bench/pipeline/chain'
import { largeModel, sampleModel } from '../../bench/pipeline/models'
import { measureSharing } from '../../bench/pipeline/sharing'
import { overlapRow, sessionsRow } from '../../bench/pipeline/sharing-rows'

it('bench', { timeout: 590_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pb3-'))
  const client = await openBenchClient()
  const model = process.env.PB3 === 'large' ? await largeModel(directory) : await sampleModel()
  const sharing = await measureSharing({ client, model, directory, repetitions: Number(process.env.PB3N ?? 2), say: console.info })
  console.info(JSON.stringify([overlapRow(sharing), sessionsRow(sharing)], null, 1))
  await client.close()
})
