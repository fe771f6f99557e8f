import { open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { entries, HOSTILE_HEADERS, numberAt, TENSORS, validFile } from '../../test/models/hostile-headers'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import { makeSyntheticModel, SMALL } from '../../test/models/synthetic'
import { temporaryDirectory } from '../../test/models/temporary'
import { modelShape } from './architectures'
import { GGUF_LIMITS, parseGgufHeader } from './gguf-parse'
import { headerOf, readGgufHeader } from './gguf-read'
import { type GgufEntry, TENSOR_TYPE, TENSOR_TYPES, type TensorTypeInfo } from './gguf-types'
import { encodeGgufHeader, entry } from './gguf-write'

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  return 'accepted'
}

describe('readGgufHeader', () => {
  it('reads the bundled sample model', async () => {
    const header = await readGgufHeader(SAMPLE_MODEL)
    expect(header.tensors).toHaveLength(75)
    expect(modelShape(header)).toEqual({
      architecture: 'llama',
      name: 'Tiny Jargon 8',
      blockCount: 8,
      embeddingLength: 256,
      vocabSize: 2048,
      contextLength: 512,
      tiedOutput: false,
      embeddingScale: 1,
    })
    const last = header.tensors.at(-1)!
    expect(last.offset + last.sizeBytes).toBeLessThanOrEqual(header.fileSizeBytes)
  })

  it('reads headers longer than the first read', async () => {
    const path = join(await temporaryDirectory(), 'long.gguf')
    const long = entry.strings(
      'tokenizer.ggml.tokens',
      Array.from({ length: 150_000 }, (_, index) => `word ${index}`),
    )
    await writeFile(path, validFile(entries(long)))
    const header = await readGgufHeader(path)
    expect(header.dataOffset).toBeGreaterThan(2 * 2 ** 20)
    expect(Buffer.from(long.raw).equals(header.entries.get('tokenizer.ggml.tokens')!.raw)).toBe(true)
  })

  it('says SHARD_MISSING for a file that is not there', async () => {
    await expect(readGgufHeader('/nowhere/model.gguf')).rejects.toMatchObject({ code: 'SHARD_MISSING' })
  })

  it('H-46: says that a folder is no model', async () => {
    const folder = await temporaryDirectory()
    await expect(readGgufHeader(folder)).rejects.toMatchObject({ code: 'MODEL_NOT_A_FILE' })
    await expect(readGgufHeader('/dev/zero')).rejects.toMatchObject({ code: 'MODEL_NOT_A_FILE' })
  })

  it('D-T09: refuses the file at every size below its own', async () => {
    const path = join(await temporaryDirectory(), 'cut.gguf')
    const whole = await readFile(SAMPLE_MODEL)
    await writeFile(path, whole)
    const sizes = Array.from({ length: 20 }, (_, index) => Math.floor((whole.length * (19 - index)) / 20))
    for (const size of [whole.length - 1, ...sizes.filter((size) => size > 0), 57_000, 3000, 24, 23, 5, 4, 3, 1, 0]) {
      await truncate(path, size)
      await expect(readGgufHeader(path), `${size} bytes`).rejects.toMatchObject({ code: 'GGUF_TRUNCATED' })
    }
  })

  it('D-T10: refuses absurd claims without reading the rest of a file of 1 TB', async () => {
    const path = join(await temporaryDirectory(), 'huge.gguf')
    const header = Buffer.alloc(24)
    header.write('GGUF', 0, 'latin1')
    header.writeUInt32LE(3, 4)
    header.writeBigUInt64LE(1n, 8)
    header.writeBigUInt64LE(4096n, 16)
    await writeFile(path, header)
    const file = await open(path, 'r+')
    await file.truncate(2 ** 40)
    await file.close()
    await expect(readGgufHeader(path)).rejects.toMatchObject({ code: 'GGUF_INVALID' })
  })

  const invalid = HOSTILE_HEADERS.filter(([, , code]) => code === 'GGUF_INVALID')
  it.each(invalid)('D-T10: refuses %s after the first MiB, however large the file', async (_, bytes) => {
    let readBytes = 0
    const file = {
      sizeBytes: 2 ** 40,
      async read(target: Uint8Array, position: number) {
        readBytes += target.byteLength
        target.fill(0).set(bytes.subarray(position, position + target.byteLength))
        return target.byteLength
      },
    }
    await expect(headerOf(file)).rejects.toMatchObject({ code: 'GGUF_INVALID' })
    expect(readBytes).toBeLessThanOrEqual(2 ** 20)
  })
})

describe('parseGgufHeader', () => {
  it('accepts the file that the hostile ones below are made from', () => {
    expect(parseGgufHeader(validFile()).tensors.map(({ name }) => name)).toEqual(TENSORS.map(({ name }) => name))
  })

  it('D-T09: says GGUF_TRUNCATED wherever a header is cut', () => {
    const { bytes, fileSizeBytes } = encodeGgufHeader(entries(), TENSORS)
    const used = Buffer.from(bytes).findLastIndex((byte) => byte !== 0)
    for (let length = 0; length < used; length++) {
      expect(codeOf(() => parseGgufHeader(bytes.subarray(0, length), fileSizeBytes))).toBe('GGUF_TRUNCATED')
      expect(codeOf(() => parseGgufHeader(bytes.subarray(0, length)))).toBe('GGUF_TRUNCATED')
    }
  })

  const file = validFile()
  it.each(HOSTILE_HEADERS)('D-T10: refuses %s', (_, bytes, code) => {
    expect(codeOf(() => parseGgufHeader(bytes))).toBe(code)
  })

  it.each([
    ['tensors', 8, GGUF_LIMITS.tensors],
    ['metadata entries', 16, GGUF_LIMITS.entries],
  ])('D-T10: believes no more %s than there can be', (what, offset, most) => {
    expect(() => parseGgufHeader(numberAt(offset, BigInt(most) + 1n))).toThrow(`${most + 1} ${what}`)
    expect(() => parseGgufHeader(numberAt(offset, BigInt(most)))).not.toThrow(what)
  })

  it('D-T10: reads no more of a header than it may have', async () => {
    let readBytes = 0
    const endless = {
      sizeBytes: 2 ** 40,
      async read(target: Uint8Array, position: number) {
        readBytes += target.byteLength
        const long = entry.strings(
          'tokenizer.ggml.tokens',
          Array.from({ length: 100 }, () => 'x'.repeat(100)),
        )
        target.set(validFile(entries(long)).subarray(position, position + target.byteLength))
        return target.byteLength
      },
    }
    const limits = { firstReadBytes: 64, maxBytes: 1_000 }
    await expect(headerOf(endless, limits)).rejects.toMatchObject({ code: 'GGUF_INVALID' })
    expect(readBytes).toBe(1_000)
  })

  it('D-T01: answers 10,000 random corruptions with a result or one of its two codes', () => {
    let state = 12345
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const seen = new Set<string>()
    for (let round = 0; round < 10_000; round++) {
      const bytes = Buffer.from(file)
      for (let flips = 0; flips < 3; flips++) bytes[random(400)] = random(256)
      seen.add(codeOf(() => parseGgufHeader(bytes)))
    }
    expect([...seen].sort()).toEqual(['GGUF_INVALID', 'GGUF_TRUNCATED', 'accepted'])
  })
})

describe('modelShape', () => {
  const shapeOf = (list: GgufEntry[], tensors = TENSORS) => modelShape(parseGgufHeader(validFile(list, tensors)))
  const lengths = [entry.uint32('llama.embedding_length', 32), entry.uint32('llama.context_length', 64)]

  it('accepts a consistent model', () => {
    expect(shapeOf(entries(...lengths))).toMatchObject({ blockCount: 1, vocabSize: 4, tiedOutput: true })
  })

  it('names an architecture that is not on the list', () => {
    const list = [entry.string('general.architecture', 'mamba'), entry.uint32('mamba.block_count', 1)]
    expect(() => shapeOf(list)).toThrow(/mamba/)
    expect(codeOf(() => shapeOf(list))).toBe('ARCH_UNSUPPORTED')
  })

  it.each([
    ['more experts used than there are', [...lengths, entry.uint32('llama.expert_used_count', 2)], TENSORS],
    ['another embedding length', [entry.uint32('llama.embedding_length', 64)], TENSORS],
    ['no embeddings', lengths, TENSORS.slice(1)],
    ['a block without tensors', lengths, TENSORS.slice(0, 1)],
    ['tensors beyond the blocks', lengths, [...TENSORS, { ...TENSORS[1]!, name: 'blk.1.attn_q.weight' }]],
    ['a part of a split model', [...lengths, entry.uint32('split.count', 3)], TENSORS],
  ])('refuses %s', (_, more, tensors) => {
    expect(codeOf(() => shapeOf(entries(...more), tensors))).toBe('GGUF_INVALID')
  })
})

describe('tensor types', () => {
  it('gives the Q8_0 sizes that llama.cpp’s own file has', async () => {
    const path = join(await temporaryDirectory(), 'model.gguf')
    const { sizeBytes, parameters } = await makeSyntheticModel(path, SMALL)
    const { blockLength, blockBytes } = TENSOR_TYPES.get(TENSOR_TYPE.Q8_0) as TensorTypeInfo
    expect(sizeBytes / parameters).toBeCloseTo(blockBytes / blockLength, 1)
    expect((await readGgufHeader(path)).fileSizeBytes).toBe(sizeBytes)
  })
})
