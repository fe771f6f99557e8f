import { fork } from 'node:child_process'
import { stat, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { makeSparseModel } from '../../bench/fetch/sparse-model'
import { manifestOf } from '../models/manifests'
import { temporaryDirectory } from '../models/temporary'
import { buildFetchChild, type FetchChildSays } from './fetch-child-script'
import { serveModel } from './model-server'

/** Together 4.05 GB, of which the model's own file takes nothing: it is all holes. */
const BLOCKS = 20
const HEAP_MIB = 256
const NEEDED_BYTES = 6e9
let script: string
beforeAll(async () => {
  script = await buildFetchChild()
})

it('S-22: a shard of 4 GB comes through a process whose heap has 256 MB, and which never takes more altogether', {
  timeout: 600_000,
}, async (context) => {
  const { bavail, bsize } = await statfs(tmpdir())
  if (bavail * bsize < NEEDED_BYTES) return context.skip('the disk has no room for 4 GB')
  const home = await temporaryDirectory()
  const modelPath = join(home, 'model.gguf')
  const sizeBytes = await makeSparseModel(modelPath, BLOCKS)
  expect(sizeBytes).toBeGreaterThan(4e9)
  const manifestPath = join(home, 'manifest.json')
  await writeFile(manifestPath, JSON.stringify(await manifestOf(modelPath)))
  const server = await serveModel(modelPath)
  const args = [manifestPath, server.url, join(home, 'data'), '0', String(BLOCKS)]
  const child = fork(script, args, { execArgv: [`--max-old-space-size=${HEAP_MIB}`] })
  const ends: { slicePath: string; longestRssBytes: number }[] = []
  child.on('message', (said: FetchChildSays) => {
    if ('slicePath' in said) ends.push(said)
  })
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
  expect(ends[0]?.longestRssBytes).toBeLessThan(HEAP_MIB * 2 ** 20)
  expect(server.sentBytes).toBeGreaterThan(4e9)
  // The embeddings are a file of their own.
  expect((await stat(ends[0]!.slicePath)).size).toBeGreaterThan(0.95 * sizeBytes)
})
