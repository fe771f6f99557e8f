import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readGgufHeader } from '../shards/gguf-read'
import type { Manifest } from '../shards/manifest'
import { buildManifest } from '../shards/manifest-build'
import { captureBoundaries } from './capture'
import { runProbe } from './probe'
import { type SlicedModel, sliceModel } from './testing/slice-chain'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL, TEST_LIBRARY, testSpec } from './testing/test-engine'

const CUTS = [0, 3, 6, 8]
const RANGES = [0, 1, 2].map((index) => ({ start: CUTS[index]!, end: CUTS[index + 1]! }))

let factory: EngineFactory
let directory: string
let sliced: SlicedModel
let manifest: Manifest
beforeAll(async () => {
  factory = await createEngineFactory()
  directory = await mkdtemp(join(tmpdir(), 'engine-probe-'))
  sliced = await sliceModel(SAMPLE_MODEL, CUTS, directory)
  const options = { spawnEngine: factory.spawn, library: TEST_LIBRARY, threads: 1 }
  manifest = await buildManifest(
    SAMPLE_MODEL,
    { name: 'Sample', dhtPrefix: 'Sample', repository: null, probeTokens: [0, 67, 766, 304, 259, 701, 463, 12] },
    (path, tokens) => captureBoundaries(path, tokens, options),
  )
})
afterAll(async () => {
  await factory.close()
  await rm(directory, { recursive: true, force: true })
})

test.each([
  [0, false],
  [0, true],
  [1, false],
  [2, false],
])('S-06: slice %i (tokens: %j) gives the manifest’s answer, far within tolerance', async (index, hasEntry) => {
  const engine = await factory.start()
  const entryPath = hasEntry ? sliced.entry : null
  await engine.load(testSpec({ slicePath: sliced.slices[index]!, entryPath, isLast: index === 2 }))
  const outcome = await runProbe(engine, manifest, RANGES[index]!, { hasEntry })
  expect(outcome).toMatchObject({ ok: true })
  expect(outcome.maxDifference).toBeLessThan(outcome.tolerance / 3)
  expect(outcome.computeMs).toBeGreaterThan(0)
  // It leaves nothing behind: the same again.
  expect(await runProbe(engine, manifest, RANGES[index]!, { hasEntry })).toMatchObject({ ok: true })
  await engine.stop()
})

test('S-06: other blocks than claimed do not pass', async () => {
  const engine = await factory.start()
  await engine.load(testSpec({ slicePath: sliced.slices[0]!, isLast: false }))
  expect(await runProbe(engine, manifest, RANGES[1]!, { hasEntry: false })).toMatchObject({ ok: false })
  await engine.stop()
})

test.each([0, 2])('S-06: slice %i with one tensor of other weights does not pass', async (index) => {
  const path = join(directory, 'changed.gguf')
  await copyFile(sliced.slices[index]!, path)
  const bytes = await readFile(path)
  const { tensors } = await readGgufHeader(path)
  const down = tensors.find(({ name }) => name === 'blk.1.ffn_down.weight')!
  // Signs of all quants of the matrix, block by block behind their scales.
  for (let block = down.offset; block < down.offset + (256 * 512 * 34) / 32; block += 34) {
    for (let at = block + 2; at < block + 34; at++) bytes.writeInt8(-Math.max(-127, bytes.readInt8(at)), at)
  }
  await writeFile(path, bytes)
  const engine = await factory.start()
  await engine.load(testSpec({ slicePath: path, isLast: index === 2 }))
  const outcome = await runProbe(engine, manifest, RANGES[index]!, { hasEntry: false })
  expect(outcome.ok).toBe(false)
  expect(outcome.maxDifference).toBeGreaterThan(2 * outcome.tolerance)
  await engine.stop()
})

test('a range outside of the model is refused', async () => {
  const engine = await factory.start()
  await expect(runProbe(engine, manifest, { start: 6, end: 9 }, { hasEntry: false })).rejects.toMatchObject({
    code: 'BLOCK_RANGE_INVALID',
  })
  await engine.stop()
})
