import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import { makeSyntheticModel } from '../../test/models/synthetic'
import { temporaryDirectory } from '../../test/models/temporary'
import { createEmbeddingReader, dequantizeSimple } from './embedding'
import { readGgufHeader } from './gguf-read'
import { writePlan } from './plan-writer'
import { planVocabulary } from './slice-plan'

async function readerOf(path: string) {
  const reader = await createEmbeddingReader(path)
  onTestFinished(() => reader.close())
  return reader
}

describe('createEmbeddingReader', () => {
  it('reads the same rows from an entry file as from the model', async () => {
    const entryPath = join(await temporaryDirectory(), 'entry.gguf')
    await writePlan(planVocabulary(await readGgufHeader(SAMPLE_MODEL)), SAMPLE_MODEL, entryPath)
    const [fromEntry, fromModel] = [await readerOf(entryPath), await readerOf(SAMPLE_MODEL)]
    const tokens = [0, 2047, 5, 5]
    expect(await fromEntry.rawRows(tokens)).toEqual(await fromModel.rawRows(tokens))
    const header = await readGgufHeader(SAMPLE_MODEL)
    const table = header.tensors.find(({ name }) => name === 'token_embd.weight')!
    const from = table.offset + 5 * fromModel.rowBytes
    const row = (await readFile(SAMPLE_MODEL)).subarray(from, from + fromModel.rowBytes)
    expect(Buffer.from(await fromEntry.rawRows([5])).equals(row)).toBe(true)
    const values = await fromEntry.read(tokens)
    expect(values).toHaveLength(4 * 256)
    expect(values.subarray(512, 768)).toEqual(values.subarray(768))
  })

  it('scales embeddings where the architecture does', async () => {
    const directory = await temporaryDirectory()
    const options = { embeddingLength: 64, headCount: 2, headCountKv: 1, type: 'F32', seed: 3 } as const
    await makeSyntheticModel(join(directory, 'plain'), { ...options, architecture: 'llama', blockCount: 1 })
    await makeSyntheticModel(join(directory, 'scaled'), { ...options, architecture: 'gemma3', blockCount: 6 })
    const plain = await (await readerOf(join(directory, 'plain'))).read([300])
    const scaled = await (await readerOf(join(directory, 'scaled'))).read([300])
    expect([...scaled]).toEqual([...plain].map((value) => Math.fround(value * 8)))
  })

  it.each([-1, 2048, 1.5, Number.NaN])('refuses token %d', async (token) => {
    const reader = await readerOf(SAMPLE_MODEL)
    await expect(reader.read([token])).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})

describe('dequantizeSimple', () => {
  it('decodes a Q8_0 block: a half-precision scale and 32 signed bytes', () => {
    const raw = new Uint8Array(68)
    raw.set([0x00, 0x38, 127, 0x80, 1], 0)
    raw.set([0x00, 0xbc, 3], 34)
    const values = new Float32Array(64)
    expect(dequantizeSimple(8, raw, values)).toBe(true)
    expect([...values.subarray(0, 4)]).toEqual([63.5, -64, 0.5, 0])
    expect(values[32]).toBe(-3)
  })

  it('decodes BF16 and F16, and leaves other types alone', () => {
    const values = new Float32Array(2)
    expect(dequantizeSimple(30, Uint8Array.of(0x80, 0x3f, 0x20, 0xc0), values)).toBe(true)
    expect([...values]).toEqual([1, -2.5])
    expect(dequantizeSimple(1, Uint8Array.of(0x00, 0x3c, 0x01, 0x00), values)).toBe(true)
    expect([...values]).toEqual([1, 2 ** -24])
    expect(dequantizeSimple(12, new Uint8Array(144), new Float32Array(256))).toBe(false)
  })
})
