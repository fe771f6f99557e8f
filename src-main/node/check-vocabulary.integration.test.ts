import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SAMPLE_MANIFEST, SAMPLE_MODEL } from '../../test/live-network'
import { makeSyntheticModel } from '../../test/models/synthetic'
import type { EngineClient } from '../engine/engine'
import { sliceModel } from '../engine/testing/slice-chain'
import { createEngineFactory, type EngineFactory } from '../engine/testing/test-engine'
import { readGgufHeader } from '../shards/gguf-read'
import { type Manifest, parseManifest } from '../shards/manifest'
import { checkVocabulary } from './check-vocabulary'

let factory: EngineFactory
let engine: EngineClient
let directory: string
let manifest: Manifest

beforeAll(async () => {
  factory = await createEngineFactory()
  engine = await factory.start()
  directory = await mkdtemp(join(tmpdir(), 'check-vocabulary-'))
  manifest = parseManifest(await readFile(SAMPLE_MANIFEST))
})
afterAll(async () => {
  await factory.close()
  await rm(directory, { recursive: true, force: true })
})

async function check(path: string): Promise<void> {
  return checkVocabulary(engine, await engine.loadEntry(path), path, manifest)
}

it('takes the model itself, and an entry file of it', async () => {
  await expect(check(SAMPLE_MODEL)).resolves.toBeUndefined()
  const { entry } = await sliceModel(SAMPLE_MODEL, [0, 8], directory)
  await expect(check(entry)).resolves.toBeUndefined()
})

it('refuses another model', async () => {
  const path = join(directory, 'other.gguf')
  await makeSyntheticModel(path, { embeddingLength: 256, headCount: 4, headCountKv: 4, blockCount: 1 })
  await expect(check(path)).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
})

it('refuses the same tokens in another order, which nothing else would notice', async () => {
  const { dataOffset } = await readGgufHeader(SAMPLE_MODEL)
  const bytes = new Uint8Array(await readFile(SAMPLE_MODEL))
  // Two words of the tokenizer, in the header, change places; the file keeps its size and loads.
  const text = Buffer.from(bytes.buffer, 0, dataOffset)
  const at = text.indexOf('tokenizer.ggml.tokens')
  const first = text.indexOf('the', at)
  expect(first).toBeGreaterThan(at)
  text.write('teh', first)
  const path = join(directory, 'swapped.gguf')
  await writeFile(path, bytes)
  await expect(check(path)).rejects.toMatchObject({ code: 'MANIFEST_MISMATCH' })
})

it('refuses an entry file with other embeddings', async () => {
  const other = await mkdtemp(join(directory, 'entry-'))
  const { entry } = await sliceModel(SAMPLE_MODEL, [0, 8], other)
  // Every token gets its neighbour's row: the values stay good ones.
  const { tensors } = await readGgufHeader(entry)
  const { offset, sizeBytes } = tensors.find(({ name }) => name === 'token_embd.weight')!
  const file = await open(entry, 'r+')
  const table = Buffer.alloc(sizeBytes)
  await file.read(table, 0, sizeBytes, offset)
  const rowBytes = sizeBytes / manifest.vocabSize
  await file.write(Buffer.concat([table.subarray(rowBytes), table.subarray(0, rowBytes)]), 0, sizeBytes, offset)
  await file.close()
  await expect(check(entry)).rejects.toMatchObject({
    code: 'MANIFEST_MISMATCH',
    message: expect.stringContaining('tokens are others'),
  })
})
