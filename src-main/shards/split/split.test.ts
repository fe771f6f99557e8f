import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { splitModel } from '../../../test/models/split'
import { temporaryDirectory } from '../../../test/models/temporary'
import { openModel, readGgufHeader } from '../gguf-read'
import { fileSource } from '../sources/file-source'
import { nodeFileSystem } from '../store/file-system'
import { verifyModel } from '../verify-model'
import { joinParts } from './join-parts'
import { maySplitBe } from './split-files'
import { checkParts, splitPaths } from './split-name'

async function wholeOf(path: string): Promise<Buffer> {
  const file = await openModel(path)
  const bytes = Buffer.alloc(file.sizeBytes)
  for (let at = 0; at < bytes.byteLength; ) {
    const count = await file.read(bytes.subarray(at), at)
    expect(count).toBeGreaterThan(0)
    at += count
  }
  expect(await file.read(new Uint8Array(1), bytes.byteLength)).toBe(0)
  await file.close()
  return bytes
}

describe('a model that was split into several files', () => {
  it.each([{ count: 1 }, { count: 3 }, { count: 4, isFirstEmpty: true }, { count: 75 }])(
    'is read as the one file that it was made from: $count, $isFirstEmpty',
    async (how) => {
      const directory = await temporaryDirectory()
      const paths = await splitModel(SAMPLE_MODEL, directory, how)
      const original = await readFile(SAMPLE_MODEL)
      // Any of its files stands for all of them.
      for (const path of [paths[0]!, paths.at(-1)!]) expect((await wholeOf(path)).equals(original)).toBe(true)
      const manifest = await manifestOf(paths[0]!)
      expect(manifest.root).toBe((await manifestOf(SAMPLE_MODEL)).root)
      expect(await verifyModel(paths[0]!, manifest)).toEqual({ pieces: manifest.pieces.length })
      expect(await maySplitBe(paths[0]!, manifest, nodeFileSystem)).toBe(true)
      expect(await maySplitBe(SAMPLE_MODEL, manifest, nodeFileSystem)).toBe(false)
    },
  )

  it('says which file is missing, and refuses files that do not belong together', async () => {
    const directory = await temporaryDirectory()
    const [first, second, third] = await splitModel(SAMPLE_MODEL, directory, { count: 3 })
    await copyFile(second!, third!)
    await expect(readGgufHeader(first!)).rejects.toMatchObject({
      code: 'GGUF_INVALID',
      message: expect.stringContaining('part 3 of 3 calls itself 2 of 3'),
    })
    await rm(third!)
    await expect(readGgufHeader(first!)).rejects.toMatchObject({
      code: 'SHARD_MISSING',
      message: expect.stringContaining('model-00003-of-00003.gguf'),
    })
    expect(await maySplitBe(first!, await manifestOf(SAMPLE_MODEL), nodeFileSystem)).toBe(false)
  })

  it('refuses parts that name a tensor twice, or leave some out', async () => {
    const header = await readGgufHeader(SAMPLE_MODEL)
    const directory = await temporaryDirectory()
    const parts = await splitModel(SAMPLE_MODEL, directory, { count: 2 })
    const bytes = await Promise.all(parts.map((path) => readFile(path)))
    const { parseGgufHeader } = await import('../gguf-parse')
    const headers = bytes.map((part) => parseGgufHeader(part, part.byteLength, { isPart: true }))
    const [one, two] = [headers[0]!, headers[1]!]
    expect(() => joinParts([one, { ...two, tensors: two.tensors.slice(1) }])).toThrow('of 75 tensors are there')
    const twice = { ...two, tensors: [header.tensors[0]!, ...two.tensors.slice(1)] }
    expect(() => joinParts([one, twice])).toThrow('the same tensor')
  })
})

it('knows the files of a split model by their names', () => {
  expect(splitPaths('/models/big-00002-of-00003.gguf')).toEqual([
    '/models/big-00001-of-00003.gguf',
    '/models/big-00002-of-00003.gguf',
    '/models/big-00003-of-00003.gguf',
  ])
  for (const other of ['model.gguf', 'm-0001-of-0002.gguf', 'm-00003-of-00002.gguf', 'm-00000-of-00002.gguf'])
    expect(splitPaths(other)).toBeNull()
  expect(splitPaths('m-00001-of-00256.gguf')).toHaveLength(256)
  expect(splitPaths('m-00001-of-00257.gguf')).toBeNull()
})

it('a model in more files than are read is refused by name, wherever it is chosen, and passed over elsewhere', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory, 'm-00001-of-00257.gguf')
  await copyFile(SAMPLE_MODEL, path)
  const manifest = await manifestOf(SAMPLE_MODEL)
  await expect(openModel(path)).rejects.toMatchObject({ code: 'MODEL_SPLIT_TOO_FINE' })
  const source = fileSource(path, nodeFileSystem)
  await expect(source.open(manifest, new AbortController().signal)).rejects.toMatchObject({
    code: 'MODEL_SPLIT_TOO_FINE',
  })
  expect(await maySplitBe(path, manifest, nodeFileSystem)).toBe(false)
  expect(() => checkParts('https://example.org/m-00256-of-00256.gguf')).not.toThrow()
  expect(() => checkParts('https://example.org/m-00001-of-00257.gguf')).toThrow(
    expect.objectContaining({ code: 'MODEL_SPLIT_TOO_FINE', message: expect.stringContaining('257 files') }),
  )
})
