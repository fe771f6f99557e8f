import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { temporaryDirectory } from '../../../test/models/temporary'
import { fetchShard } from '../fetch/fetch-shard'
import { readGgufHeader } from '../gguf-read'
import { encodeTokenizer } from '../slice-plan'
import { fileSource } from '../sources/file-source'
import { nodeFileSystem } from './file-system'
import { createShardStore } from './shard-store'

it('the tokenizer of a model is there with any of its blocks, and whole whatever became of its file', async () => {
  const manifest = await manifestOf(SAMPLE_MODEL)
  const store = createShardStore({ dataDirectory: await temporaryDirectory(), clock: systemClock })
  expect(await store.tokenizer(manifest)).toBeNull()
  const sources = [fileSource(SAMPLE_MODEL, nodeFileSystem)]
  await fetchShard({ manifest, blocks: { start: 6, end: 8 }, sources, store, clock: systemClock })
  const path = (await store.tokenizer(manifest)) ?? ''
  const expected = encodeTokenizer(await readGgufHeader(SAMPLE_MODEL))
  expect((await readFile(path)).equals(expected)).toBe(true)

  const written = await nodeFileSystem.facts(path)
  expect(await store.tokenizer(manifest)).toBe(path)
  expect(await nodeFileSystem.facts(path)).toEqual(written)
  for (const damage of [
    expected.slice(0, 100),
    Buffer.concat([expected, Buffer.from('x')]),
    expected.map((b) => b ^ 1),
  ]) {
    await writeFile(path, damage)
    expect(await store.tokenizer(manifest)).toBe(path)
    expect((await readFile(path)).equals(expected)).toBe(true)
  }
  await writeFile(join(dirname(path), 'header.bin'), 'another')
  expect(await store.tokenizer(manifest)).toBeNull()
})
