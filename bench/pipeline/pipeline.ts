import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome, Row, Say } from '../report'
import { inTemporaryDirectory } from '../temporary'
import { openBenchClient } from './chain'
import { largestRows } from './largest'
import { buildRpc, RpcMissing } from './llama-rpc/build-rpc'
import { measureAgainstRpc } from './llama-rpc/measure-rpc'
import { rpcRows } from './llama-rpc/rpc-rows'
import { measure } from './measure'
import { type BenchModel, largeModel, sampleModel } from './models'
import { decodeRows, hopRow } from './rows'
import { measureSharing } from './sharing'
import { overlapRow, sessionsRow } from './sharing-rows'

/** A 64-token answer of the large model takes seconds, a 256-token answer of the sample less than one. */
const TOKENS = { large: 64, sample: 256 }
const REPETITIONS = { full: 9, quick: 3 }
const WARM_UP_MS = { full: 60_000, quick: 20_000 }

export interface PipelineOptions {
  quick: boolean
  repetitions?: number
  /** Somebody else's chain of computers, measured beside ours. */
  against?: 'llama-rpc'
  /** Nothing but that. */
  alone?: boolean
  say: Say
}

/** Decode speed of chains of 1, 2 and 3 nodes beside that of one process. Needs about 5 GB of disk while it runs. */
export function measurePipeline(options: PipelineOptions): Promise<Outcome> {
  const { say } = options
  const repetitions = options.repetitions ?? (options.quick ? REPETITIONS.quick : REPETITIONS.full)
  const warmUpMs = options.quick ? WARM_UP_MS.quick : WARM_UP_MS.full
  return inTemporaryDirectory(async (directory) => {
    const client = await openBenchClient()
    const measureModel = async (model: BenchModel, name: keyof typeof TOKENS) => {
      const slices = join(directory, name)
      await mkdir(slices)
      return measure({ client, model, directory: slices, repetitions, warmUpMs, tokens: TOKENS[name], say })
    }
    const against = async (model: BenchModel): Promise<Outcome> => {
      try {
        const build = await buildRpc(say)
        const tokens = TOKENS.large
        return { rows: rpcRows(await measureAgainstRpc({ build, client, model, directory, repetitions, tokens, say })) }
      } catch (error) {
        if (!(error instanceof RpcMissing)) throw error
        return { rows: [], skipped: [{ name: 'vs-llama-rpc', why: error.message }] }
      }
    }
    try {
      say('making the large model')
      const made = await largeModel(directory)
      if (options.against && options.alone) return await against(made)
      const largest = await largestRows({ client, directory, repetitions, warmUpMs, say })
      const large = await measureModel(made, 'large')
      const sharing = await measureSharing({ client, model: made, directory, repetitions, say })
      const sample = await measureModel(await sampleModel(), 'sample')
      const beside: Outcome = options.against ? await against(made) : { rows: [] }
      const rows: Row[] = [
        ...(largest ?? []),
        ...decodeRows(large, largest ? { prefix: 'small-', hasTarget: false } : { prefix: '', hasTarget: true }),
        hopRow(large),
        overlapRow(sharing),
        sessionsRow(sharing),
        ...decodeRows(sample, { prefix: 'sample-', hasTarget: false }),
        hopRow(sample, 'sample-'),
      ]
      return { ...beside, rows: [...rows, ...beside.rows] }
    } finally {
      await client.close()
    }
  })
}
