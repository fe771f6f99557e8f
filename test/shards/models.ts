import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { makeSlice } from '../../src-main/shards/make-slice'
import type { Manifest } from '../../src-main/shards/manifest'
import { piecesFor } from '../../src-main/shards/manifest'
import type { ShardFileSystem } from '../../src-main/shards/store/file-system'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import type { BlockRange } from '../../src-shared/blocks'
import { systemClock } from '../../src-shared/clock'
import { manifestOf } from '../models/manifests'
import { makeSyntheticModel, type SyntheticOptions } from '../models/synthetic'
import { temporaryDirectory } from '../models/temporary'

/** A model of some megabytes with several pieces in each block, for the tests of one file. */
export async function madeModel(options: Partial<SyntheticOptions> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'espalier-model-'))
  afterAll(() => rm(home, { recursive: true, force: true }))
  const path = join(home, 'model.gguf')
  await makeSyntheticModel(path, options)
  return { path, manifest: await manifestOf(path) }
}

/** About 88 MB in 8 blocks of 10.6 MB, each three pieces. */
export const MEDIUM: Partial<SyntheticOptions> = {
  embeddingLength: 1024,
  headCount: 16,
  headCountKv: 8,
  feedForwardLength: 2496,
  vocabSize: 512,
}

export function neededBytes(manifest: Manifest, blocks: BlockRange): number {
  return piecesFor(manifest, blocks).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

export async function emptyStore(fileSystem?: ShardFileSystem) {
  const dataDirectory = await temporaryDirectory()
  return createShardStore({ dataDirectory, clock: systemClock, ...(fileSystem && { fileSystem }) })
}

/** The slice as cutting it from the whole file gives it: what any fetch has to end with. */
export async function cutSlice(path: string, manifest: Manifest, range: BlockRange) {
  const directory = join(await temporaryDirectory(), 'cut')
  return makeSlice({ modelPath: path, manifest, range, directory, clock: systemClock })
}
