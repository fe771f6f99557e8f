import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import { makeSyntheticModel, type SyntheticOptions } from '../../test/models/synthetic'
import { temporaryDirectory } from '../../test/models/temporary'
import { blockOf } from './architectures'
import { parseGgufHeader } from './gguf-parse'
import { readGgufHeader } from './gguf-read'
import type { GgufHeader, GgufTensor } from './gguf-types'
import { arrayLength, integerOf, stringOf } from './gguf-values'
import { array, encodeGgufHeader } from './gguf-write'
import { writePlan } from './plan-writer'
import { encodeTokenizer, planSlice, planVocabulary } from './slice-plan'

async function sliceOf(modelPath: string, start: number, end: number) {
  const model = await readGgufHeader(modelPath)
  const path = join(await temporaryDirectory(), 'slice.gguf')
  const written = await writePlan(planSlice(model, { start, end }), modelPath, path)
  const header = await readGgufHeader(path)
  expect(written.sizeBytes).toBe((await stat(path)).size)
  return { model, header, source: await readFile(modelPath), bytes: await readFile(path) }
}

function payload(bytes: Buffer, header: GgufHeader, name: string): Buffer {
  const { offset, sizeBytes } = tensorOf(header, name)
  return bytes.subarray(offset, offset + sizeBytes)
}

function tensorOf(header: GgufHeader, name: string): GgufTensor {
  const tensor = header.tensors.find((candidate) => candidate.name === name)
  if (tensor === undefined) throw new Error(`no ${name}`)
  return tensor
}

/** Every tensor of blocks [start, end), bit for bit, under its new number; and no other block. */
function expectBlocksCopied(
  { model, header, source, bytes }: Awaited<ReturnType<typeof sliceOf>>,
  start: number,
  end: number,
) {
  const inRange = model.tensors.filter(({ name }) => {
    const block = blockOf(name)?.block ?? -1
    return block >= start && block < end
  })
  expect(header.tensors.filter(({ name }) => blockOf(name) !== null)).toHaveLength(inRange.length)
  for (const { name, type, dims } of inRange) {
    const { block, rest } = blockOf(name)!
    const renamed = `blk.${block - start}.${rest}`
    expect(tensorOf(header, renamed)).toMatchObject({ type, dims })
    expect(payload(bytes, header, renamed).equals(payload(source, model, name)), name).toBe(true)
  }
}

async function synthetic(options: Partial<SyntheticOptions>): Promise<string> {
  const path = join(await temporaryDirectory(), 'model.gguf')
  await makeSyntheticModel(path, {
    embeddingLength: 64,
    headCount: 2,
    headCountKv: 1,
    feedForwardLength: 160,
    ...options,
  })
  return path
}

describe('planSlice', () => {
  it.each([
    [0, 3],
    [3, 6],
    [6, 8],
    [0, 8],
    [4, 5],
  ])('copies blocks [%i, %i) of the bundled sample model and renumbers them', async (start, end) => {
    const slice = await sliceOf(SAMPLE_MODEL, start, end)
    expectBlocksCopied(slice, start, end)
    expect(integerOf(slice.header, 'llama.block_count')).toBe(end - start)
    expect(integerOf(slice.header, 'espalier.slice.start')).toBe(start)
    expect(stringOf(slice.header, 'tokenizer.ggml.model')).toBe('no_vocab')
    expect([...slice.header.entries.keys()].filter((key) => key.startsWith('tokenizer.'))).toHaveLength(1)
    expect(slice.header.entries.get('llama.rope.freq_base')?.raw).toEqual(
      slice.model.entries.get('llama.rope.freq_base')?.raw,
    )
  })

  it('gives slices before the last a stub vocabulary, zeros and norms of one', async () => {
    const { header, bytes } = await sliceOf(SAMPLE_MODEL, 0, 4)
    const vocabSize = integerOf(header, 'llama.vocab_size')!
    expect(vocabSize).toBeLessThan(64)
    expect(tensorOf(header, 'token_embd.weight').dims).toEqual([256, vocabSize])
    expect(payload(bytes, header, 'token_embd.weight').every((byte) => byte === 0)).toBe(true)
    expect(payload(bytes, header, 'output_norm.weight').readFloatLE(255 * 4)).toBe(1)
    expect(header.tensors.some(({ name }) => name === 'output.weight')).toBe(false)
  })

  it('gives the last slice of an untied model the output matrix, and a hole of the right height for embeddings', async () => {
    const { model, header, source, bytes } = await sliceOf(SAMPLE_MODEL, 6, 8)
    expect(payload(bytes, header, 'output.weight').equals(payload(source, model, 'output.weight'))).toBe(true)
    expect(payload(bytes, header, 'output_norm.weight').equals(payload(source, model, 'output_norm.weight'))).toBe(true)
    expect(tensorOf(header, 'token_embd.weight')).toMatchObject({ type: 41, dims: [256, 2048] })
  })

  it('gives the last slice of a tied model the real embeddings', async () => {
    const { model, header, source, bytes } = await sliceOf(await synthetic({ tiedOutput: true, type: 'F16' }), 5, 8)
    expect(payload(bytes, header, 'token_embd.weight').equals(payload(source, model, 'token_embd.weight'))).toBe(true)
    expect(header.tensors.some(({ name }) => name === 'output.weight')).toBe(false)
  })

  it('uses another cheap type where rows do not fill a block of the smallest', async () => {
    const { header } = await sliceOf(await synthetic({ embeddingLength: 96, headCount: 3 }), 5, 8)
    expect(tensorOf(header, 'token_embd.weight')).toMatchObject({ type: 2, dims: [96, 512] })
  })

  it('copies tables that all blocks share into every slice', async () => {
    const model = await synthetic({ ropeFreqs: true })
    for (const [start, end] of [
      [0, 3],
      [3, 8],
    ] as const) {
      const slice = await sliceOf(model, start, end)
      const copied = payload(slice.bytes, slice.header, 'rope_freqs.weight')
      expect(copied.equals(payload(slice.source, slice.model, 'rope_freqs.weight'))).toBe(true)
    }
  })

  it.each(['mistral3', 'qwen2', 'qwen3', 'qwen3moe'] as const)('cuts %s anywhere', async (architecture) => {
    const model = await synthetic({ architecture })
    expectBlocksCopied(await sliceOf(model, 1, 4), 1, 4)
  })

  it('cuts metadata arrays that have one value per block', async () => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    const heads = Array.from({ length: 8 }, (_, block) => Uint8Array.of(block, 0, 0, 0))
    const entries = new Map(model.entries).set(
      'llama.attention.head_count_kv',
      array('llama.attention.head_count_kv', 4, heads),
    )
    const { header } = planSlice({ ...model, entries }, { start: 2, end: 5 })
    const key = Buffer.from('llama.attention.head_count_kv')
    const found = Buffer.from(header).subarray(Buffer.from(header).indexOf(key) + key.length + 4)
    expect(found.readUInt32LE(0)).toBe(4)
    expect(found.readBigUInt64LE(4)).toBe(3n)
    expect([0, 1, 2].map((index) => found.readUInt32LE(12 + index * 4))).toEqual([2, 3, 4])
  })

  it('is the same bytes every time', async () => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    const directory = await temporaryDirectory()
    const plan = planSlice(model, { start: 2, end: 6 })
    const first = await writePlan(plan, SAMPLE_MODEL, join(directory, 'a'))
    const second = await writePlan(planSlice(model, { start: 2, end: 6 }), SAMPLE_MODEL, join(directory, 'b'))
    expect(second).toEqual(first)
  })

  it.each([
    [3, 3],
    [5, 4],
    [-1, 4],
    [0, 9],
    [8, 9],
    [0.5, 4],
  ])('refuses the range [%d, %d)', async (start, end) => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    expect(() => planSlice(model, { start, end })).toThrow(expect.objectContaining({ code: 'BLOCK_RANGE_INVALID' }))
  })
})

describe('periodic architectures', () => {
  const allowed = (header: GgufHeader, start: number, end: number) => {
    try {
      planSlice(header, { start, end })
      return 'allowed'
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it.each([
    ['gemma3', 14, 6],
    ['gpt-oss', 7, 2],
  ] as const)(
    '%s with %i blocks is cut at multiples of %i and at its end, nowhere else',
    async (architecture, blockCount, period) => {
      const header = await readGgufHeader(await synthetic({ architecture, blockCount }))
      for (let start = 0; start < blockCount; start++) {
        for (let end = start + 1; end <= blockCount; end++) {
          const isOnPeriod = start % period === 0 && (end % period === 0 || end === blockCount)
          expect(allowed(header, start, end), `[${start}, ${end})`).toBe(isOnPeriod ? 'allowed' : 'CUT_UNSUPPORTED')
        }
      }
    },
  )

  it('a gemma3 with a pattern of its own is served whole or not at all', async () => {
    const header = await readGgufHeader(await synthetic({ architecture: 'gemma3', blockCount: 12 }))
    const key = 'gemma3.attention.sliding_window_pattern'
    const pattern = array(
      key,
      7,
      Array.from({ length: 12 }, () => Uint8Array.of(1)),
    )
    const withPattern = { ...header, entries: new Map(header.entries).set(key, pattern) }
    expect(arrayLength(pattern)).toBe(12)
    expect(allowed(withPattern, 0, 6)).toBe('CUT_UNSUPPORTED')
    expect(allowed(withPattern, 0, 12)).toBe('allowed')
  })
})

describe('planVocabulary', () => {
  it('keeps the tokenizer and the embeddings, and no blocks', async () => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    const path = join(await temporaryDirectory(), 'entry.gguf')
    await writePlan(planVocabulary(model), SAMPLE_MODEL, path)
    const header = await readGgufHeader(path)
    expect(header.tensors.map(({ name }) => name)).toEqual(['token_embd.weight'])
    const [source, bytes] = [await readFile(SAMPLE_MODEL), await readFile(path)]
    expect(payload(bytes, header, 'token_embd.weight').equals(payload(source, model, 'token_embd.weight'))).toBe(true)
    const keys = [...model.entries.keys()].filter((key) => key.startsWith('tokenizer.'))
    expect(keys.length).toBeGreaterThan(3)
    for (const key of keys) expect(header.entries.get(key)?.raw).toEqual(model.entries.get(key)?.raw)
  })
})

describe('encodeTokenizer', () => {
  it('keeps all that the header says of the model, and no tensor', async () => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    const bytes = encodeTokenizer(model)
    const { entries, tensors, dataOffset } = parseGgufHeader(bytes, bytes.byteLength, { isPart: true })
    expect(tensors).toEqual([])
    expect(dataOffset).toBe(bytes.byteLength)
    const plain = (header: Pick<GgufHeader, 'entries'>) =>
      Array.from(header.entries.values(), ({ key, type, raw }) => [key, type, Buffer.from(raw).toString('hex')])
    expect(plain({ entries })).toEqual(plain(model))
  })
})

describe('encodeGgufHeader', () => {
  it('writes what the reader reads', async () => {
    const model = await readGgufHeader(SAMPLE_MODEL)
    const { bytes } = encodeGgufHeader(model.entries.values(), model.tensors)
    const source = await readFile(SAMPLE_MODEL)
    expect(Buffer.from(bytes).equals(source.subarray(0, model.dataOffset))).toBe(true)
  })
})
