import { mkdir, rm } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join } from 'node:path'
import type { Row, Say } from '../report'
import type { BenchClient } from './chain'
import { CHAIN_LENGTHS, measure } from './measure'
import { largestModel } from './models'
import { decodeRows } from './rows'

const TOKENS = 32
/** The model's file, the one process, the chain, and what the computer needs besides. */
const NEEDED_BYTES = 9_000_000_000

/**
 * What a chain costs of the speed of a model that is worth cutting: a token takes as long between nodes whatever the
 * model, so it is a share of how long the model computes. One chain after the other, each with its reference beside it,
 * because more copies would not stay in memory. Null, and said why, where not even those would.
 */
export async function largestRows(options: {
  client: BenchClient
  directory: string
  repetitions: number
  warmUpMs: number
  say: Say
}): Promise<Row[] | null> {
  const { say } = options
  if (freemem() < NEEDED_BYTES) {
    say(
      `the largest model needs ${NEEDED_BYTES / 1e9} GB of free memory, there are ${(freemem() / 1e9).toFixed(1)}: left out`,
    )
    return null
  }
  const directory = join(options.directory, 'largest')
  await mkdir(directory)
  try {
    say('making the largest model')
    const model = await largestModel(directory)
    const rows: Row[] = []
    for (const length of CHAIN_LENGTHS) {
      const slices = join(directory, `of-${length}`)
      await mkdir(slices)
      const measured = await measure({
        ...options,
        ...{ model, directory: slices, tokens: TOKENS, lengths: [length], onlyChains: true },
      })
      rows.push(...decodeRows(measured, { prefix: '', hasTarget: true }))
      await rm(slices, { recursive: true })
    }
    return rows
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
