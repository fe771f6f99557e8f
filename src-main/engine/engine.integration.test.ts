import { fork } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { makeSyntheticModel } from '../../test/models/synthetic'
import { readGgufHeader } from '../shards/gguf-read'
import { encodeTokenizer } from '../shards/slice-plan'
import { EngineClient } from './engine'
import type { LoadSpec, RunItem } from './protocol'
import { EngineSupervisor, type SupervisorState } from './supervisor'
import { maxDifference, type SlicedModel, sliceModel } from './testing/slice-chain'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL, TEST_LIBRARY, testSpec } from './testing/test-engine'
import { testPrompt } from './testing/transcript'

let factory: EngineFactory
let directory: string
let sliced: SlicedModel
let engine: EngineClient
let middle: LoadSpec
const rows = (count: number) => Float32Array.from({ length: count * 256 }, (_, index) => Math.sin(index))
const tokensItem = (): RunItem => ({ sequence: 0, position: 0, tokens: Int32Array.of(1), wantLogits: 'none' })
const item = (changes: Partial<RunItem> = {}) =>
  ({ sequence: 0, position: 0, hidden: rows(3), wantLogits: 'none', ...changes }) as RunItem

beforeAll(async () => {
  factory = await createEngineFactory()
  directory = await mkdtemp(join(tmpdir(), 'engine-'))
  sliced = await sliceModel(SAMPLE_MODEL, [0, 3, 6, 8], directory)
  middle = testSpec({ slicePath: sliced.slices[1]!, isLast: false })
})
afterAll(async () => {
  await factory.close()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  if (!engine || engine.isGone) engine = await factory.start()
})

describe('loading', () => {
  test('reports what was loaded, with progress that never decreases', async () => {
    const progress: number[] = []
    const report = await engine.load(
      { ...middle, entryPath: sliced.entry },
      { onProgress: (done) => void progress.push(done) },
    )
    expect(report).toMatchObject({ blockCount: 3, embeddingLength: 256, contextTokens: 2048, maxBatchTokens: 128 })
    expect(report.entry).toMatchObject({ architecture: 'llama', vocabSize: 2048, bosToken: 0, eosToken: 1 })
    expect(report.entry?.endTokens).toEqual(Int32Array.of(1))
    expect(report.devices).toEqual(['CPU'])
    expect(report.residentBytesAfter).toBeGreaterThan(report.residentBytesBefore)
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  })

  test('H-41: an empty list of devices is the processor alone, and a device that has gone is refused by name', async () => {
    const report = await engine.load({ ...middle, gpuLayers: 100, gpuNames: [] })
    expect(report).toMatchObject({ devices: ['CPU'], cards: [] })
    await expect(engine.load({ ...middle, gpuLayers: 100, gpuNames: ['CUDA9'] })).rejects.toMatchObject({
      code: 'ENGINE_LOAD_FAILED',
      message: expect.stringContaining('CUDA9'),
    })
  })

  test('a cancelled load ends the process and says CANCELLED', async () => {
    const controller = new AbortController()
    const loading = engine.load(middle, { signal: controller.signal })
    controller.abort()
    await expect(loading).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await engine.exited).toMatchObject({ wanted: true })
  })

  test('nothing runs before something is loaded', async () => {
    const fresh = await factory.start()
    await expect(fresh.run({ items: [item()] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(fresh.tokenize('x')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await fresh.stop()
  })

  test('the entry file of another model is refused', async () => {
    const other = join(directory, 'other.gguf')
    await makeSyntheticModel(other, { embeddingLength: 128, headCount: 4, headCountKv: 4, blockCount: 1 })
    await expect(engine.load({ ...middle, entryPath: other })).rejects.toMatchObject({ code: 'GGUF_INVALID' })
  })

  test('llama.cpp’s reasons for a refusal reach the log', async () => {
    const lines: string[] = []
    const client = new EngineClient(factory.spawn(), { onLog: (line) => void lines.push(line) })
    await client.start(TEST_LIBRARY)
    await client.load(middle)
    expect(lines).toEqual([])
    const path = join(directory, 'unreasonable.gguf')
    await copyFile(middle.slicePath, path)
    await patch(path, await readFile(path), 'llama.attention.head_count', 7)
    await expect(client.load({ ...middle, slicePath: path })).rejects.toMatchObject({ code: 'ENGINE_LOAD_FAILED' })
    await expect.poll(() => lines).toContainEqual(expect.stringContaining('error loading model'))
    await client.stop()
  })

  test('a KV cache that does not fit is ENGINE_OUT_OF_MEMORY, and the engine lives', async () => {
    const wide = join(directory, 'wide.gguf')
    const shape = { blockCount: 16, embeddingLength: 1024, headCount: 8, headCountKv: 8, feedForwardLength: 32 }
    await makeSyntheticModel(wide, shape)
    // A terabyte.
    const spec = { ...middle, contextTokens: 16_777_216, maxSequences: 1 }
    await expect(engine.load({ ...spec, slicePath: wide })).rejects.toMatchObject({ code: 'ENGINE_OUT_OF_MEMORY' })
    await engine.load(middle)
  })

  const damages: [string, string, (path: string, bytes: Buffer) => Promise<void>][] = [
    ['missing', 'SHARD_MISSING', (path) => rm(path)],
    ['empty', 'GGUF_TRUNCATED', (path) => truncate(path, 0)],
    ['cut in the header', 'GGUF_TRUNCATED', (path) => truncate(path, 300)],
    ['cut by half', 'GGUF_TRUNCATED', (path, bytes) => truncate(path, bytes.length / 2)],
    ['cut by its last byte', 'GGUF_TRUNCATED', (path, bytes) => truncate(path, bytes.length - 1)],
    ['garbage', 'GGUF_INVALID', (path) => writeFile(path, Buffer.alloc(5000, 0xab))],
    // llama.cpp itself would end the process on this one.
    ['without blocks', 'GGUF_INVALID', (path, bytes) => patch(path, bytes, 'llama.block_count', 0)],
    [
      'with heads that do not fit',
      'ENGINE_LOAD_FAILED',
      (path, bytes) => patch(path, bytes, 'llama.attention.head_count', 7),
    ],
    ['with broken weights', 'ENGINE_LOAD_FAILED', spoilWeights],
  ]
  test.each(damages)('a slice that is %s is refused as %s, and the engine lives', async (_, code, damage) => {
    const path = join(directory, 'damaged.gguf')
    await copyFile(middle.slicePath, path)
    await damage(path, await readFile(path))
    await expect(engine.load({ ...middle, slicePath: path })).rejects.toMatchObject({ code })
    await expect(engine.run({ items: [item()] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await engine.load(middle)
    expect((await engine.run({ items: [item()] })).items[0]?.hidden).toHaveLength(3 * 256)
  })

  async function patch(path: string, bytes: Buffer, key: string, value: number): Promise<void> {
    const at = bytes.indexOf(key) + key.length
    expect(bytes.readUInt32LE(at)).toBe(4)
    bytes.writeUInt32LE(value, at + 4)
    await writeFile(path, bytes)
  }

  async function spoilWeights(path: string, bytes: Buffer): Promise<void> {
    const header = await readGgufHeader(path)
    const tensor = header.tensors.find(({ name }) => name === 'blk.1.attn_q.weight')!
    // The first two bytes of a Q8_0 block are its scale: NaN in half precision.
    bytes.writeUInt16LE(0x7e00, tensor.offset + 34)
    await writeFile(path, bytes)
  }
})

describe('running', () => {
  beforeEach(async () => {
    await engine.load(middle)
  })

  test('a batch of several sequences gives the rows that each gives alone, in the order of the items', async () => {
    const inputs = [rows(2), rows(5).map((value) => -value), rows(1).map((value) => value / 2)]
    const alone: Float32Array[] = []
    for (const hidden of inputs) alone.push((await engine.probe({ hidden }, 'none')).items[0]!.hidden!)
    const { items } = await engine.run({
      items: inputs.map((hidden, index) => item({ hidden, sequence: 2 - index })),
    })
    // Other batch shapes sum in another order: close, not equal. A row in the wrong place is off by more than 1.
    for (const [index, { hidden }] of items.entries()) expect(maxDifference(hidden!, alone[index]!)).toBeLessThan(0.2)
    expect(maxDifference(items[0]!.hidden!, alone[1]!.slice(0, 2 * 256))).toBeGreaterThan(1)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('an input with %s is refused and leaves no trace', async (bad) => {
    const hidden = rows(3)
    hidden[300] = bad
    const clean = await engine.run({ items: [item({ sequence: 1 })] })
    await expect(engine.run({ items: [item({ hidden })] })).rejects.toMatchObject({ code: 'ENGINE_DECODE_FAILED' })
    expect((await engine.run({ items: [item()] })).items).toEqual(clean.items)
  })

  test('an output that is not finite is refused, and the sequence is as before', async () => {
    const path = join(directory, 'overflowing.gguf')
    await copyFile(middle.slicePath, path)
    const bytes = await readFile(path)
    const { tensors } = await readGgufHeader(path)
    // Finite, so that loading lets it pass, and too large for what follows.
    bytes.writeFloatLE(3e38, tensors.find(({ name }) => name === 'blk.1.ffn_norm.weight')!.offset)
    await writeFile(path, bytes)
    await engine.load({ ...middle, slicePath: path })
    for (const attempt of [1, 2]) {
      await expect(engine.run({ items: [item()] }), `attempt ${attempt}`).rejects.toMatchObject({
        code: 'ENGINE_DECODE_FAILED',
        message: expect.stringContaining('output'),
      })
    }
  })

  test('a gap and a repetition of positions are refused; a trimmed sequence goes on', async () => {
    const first = await engine.run({ items: [item()] })
    for (const position of [0, 2, 4, 9]) {
      await expect(engine.run({ items: [item({ position })] })).rejects.toMatchObject({ code: 'ENGINE_DECODE_FAILED' })
    }
    const second = await engine.run({ items: [item({ position: 3 })] })
    await engine.trimSequence(0, 3)
    expect((await engine.run({ items: [item({ position: 3 })] })).items).toEqual(second.items)
    await engine.trimSequence(0, 0)
    expect((await engine.run({ items: [item()] })).items).toEqual(first.items)
  })

  test('more rows than the KV cache or a batch holds are refused', async () => {
    await expect(engine.run({ items: [item({ hidden: rows(129) })] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    for (const position of [0, 128, 256, 384]) {
      await engine.run({ items: [item({ position, hidden: rows(128) })] })
    }
    const tooMany = engine.run({ items: [item({ position: 512, hidden: rows(1) })] })
    await expect(tooMany).rejects.toMatchObject({ code: 'ENGINE_DECODE_FAILED' })
    await engine.trimSequence(0, 511)
    await engine.run({ items: [item({ position: 511, hidden: rows(1) })] })
  })

  test.each([
    ['a part of a row', { hidden: new Float32Array(100) }],
    ['no rows', { hidden: new Float32Array() }],
    ['a sequence that does not exist', { sequence: 5 }],
    ['logits of a stage in the middle', { wantLogits: 'last' as const }],
    ['negative positions', { position: -1 }],
    ['numbers of another type', { hidden: new Float64Array(256) as unknown as Float32Array }],
  ])('%s is refused as BAD_ARGUMENT', async (_, changes) => {
    await expect(engine.run({ items: [item(changes)] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  test('tokens without an entry file, no items and one sequence twice are refused', async () => {
    const tokens: RunItem = { sequence: 0, position: 0, tokens: Int32Array.of(5), wantLogits: 'none' }
    for (const items of [[tokens], [], [item(), item({ position: 3 })]]) {
      await expect(engine.run({ items })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    }
  })

  test('a token beyond the vocabulary is refused with and without a slice', async () => {
    for (const spec of [
      { ...middle, entryPath: sliced.entry },
      { ...middle, slicePath: SAMPLE_MODEL, wholeModel: true, isLast: true },
    ]) {
      await engine.load(spec)
      for (const token of [-1, 2048]) {
        const items: RunItem[] = [{ sequence: 0, position: 0, tokens: Int32Array.of(5, token), wantLogits: 'none' }]
        await expect(engine.run({ items })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
      }
    }
  })

  test('a last stage gives no logits, the last row’s, all rows’ or the best token', async () => {
    await engine.load(testSpec({ slicePath: sliced.slices[2]!, isLast: true }))
    const [none, last, all, greedy] = await Promise.all(
      (['none', 'last', 'all', 'greedy'] as const).map(async (wantLogits, sequence) => {
        const { items } = await engine.run({ items: [item({ sequence, wantLogits })] })
        return items[0]!
      }),
    )
    expect(none).toEqual({ hidden: null, logits: null, token: null })
    expect(last!.logits).toHaveLength(2048)
    expect(all!.logits).toHaveLength(3 * 2048)
    expect(maxDifference(all!.logits!.slice(2 * 2048), last!.logits!)).toBeLessThan(0.2)
    expect(greedy).toEqual({ hidden: null, logits: null, token: last!.logits!.indexOf(Math.max(...last!.logits!)) })
  })

  test('sequences are leased, run out, and are empty when leased again', async () => {
    const leased = [0, 1, 2, 3].map(() => engine.openSequence())
    expect(leased).toEqual([0, 1, 2, 3])
    expect(() => engine.openSequence()).toThrow(expect.objectContaining({ code: 'SESSION_LIMIT' }))
    const first = await engine.run({ items: [item({ sequence: 2 })] })
    await engine.closeSequence(2)
    await engine.closeSequence(2)
    expect(engine.openSequence()).toBe(2)
    expect((await engine.run({ items: [item({ sequence: 2 })] })).items).toEqual(first.items)
  })
})

describe('tokens', () => {
  const texts = ['A hacker is a person who', ' naïve — “quoted”\n\ttabs  and   spaces', '日本語 🙂 done', 'a\0b', '']

  test.each(texts)('%j comes back from its tokens byte by byte', async (text) => {
    await engine.loadEntry(sliced.entry)
    const tokens = await engine.tokenize(text)
    expect(tokens[0]).toBe(0)
    expect(Buffer.concat(await engine.pieces(tokens)).toString()).toBe(text)
    expect([...tokens.slice(1)]).toEqual([...(await engine.tokenize(text, { addSpecial: false }))])
  })

  test('marks of special tokens are text unless asked for', async () => {
    await engine.loadEntry(sliced.entry)
    const options = { addSpecial: false }
    expect((await engine.tokenize('<|endoftext|>', options)).length).toBeGreaterThan(1)
    expect(await engine.tokenize('<|endoftext|>', { ...options, parseSpecial: true })).toEqual(Int32Array.of(1))
    const [hidden, shown] = [
      await engine.pieces(Int32Array.of(1)),
      await engine.pieces(Int32Array.of(1), { special: true }),
    ]
    expect(hidden[0]).toHaveLength(0)
    expect(Buffer.from(shown[0]!).toString()).toBe('<|endoftext|>')
  })

  test('a slice has no tokenizer, which is an error and not the end of the process', async () => {
    await expect(engine.loadEntry(middle.slicePath)).rejects.toMatchObject({ code: 'GGUF_INVALID' })
    await expect(engine.pieces(Int32Array.of(4096))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    expect(engine.isGone).toBe(false)
  })

  test.each([
    ['the sample', null],
    ['F32', { type: 'F32' }],
    ['F16', { type: 'F16' }],
    ['scaled embeddings', { architecture: 'gemma3', blockCount: 6 }],
  ] as const)('embedding rows are llama.cpp’s own, bit for bit: %s', async (_, options) => {
    const model = options ? join(directory, 'embedding.gguf') : SAMPLE_MODEL
    if (options) await makeSyntheticModel(model, options)
    const tokens = testPrompt(40, 512, 3)
    await engine.loadEntry(model)
    const captured = await engine.capture(model, tokens, 1)
    expect(await engine.embed(tokens)).toEqual(captured.boundaries[0])
  })
})

describe('a tokenizer alone, as whoever has other blocks than the first has it', () => {
  const path = () => join(directory, 'tokenizer.gguf')
  const write = async (model: string) => writeFile(path(), encodeTokenizer(await readGgufHeader(model)))

  test('reads and spells as the entry file does, beside a slice that computes; nothing can be embedded', async () => {
    const texts = ['A hacker is <|endoftext|>', ' naïve — “quoted”\n\ttabs', '日本語 🙂', '']
    const { architecture, embeddingLength, ...expected } = await engine.loadEntry(sliced.entry)
    const words = []
    for (const text of texts) words.push(await engine.tokenize(text, { parseSpecial: true }))
    const pieces = await engine.pieces(words[0]!, { special: true })

    await write(SAMPLE_MODEL)
    await engine.load(middle)
    await expect(engine.tokenize('x')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    const before = await engine.run({ items: [item()] })
    await engine.trimSequence(0, 0)
    expect(await engine.loadTokenizer(path())).toEqual(expected)
    for (const [index, text] of texts.entries())
      expect(await engine.tokenize(text, { parseSpecial: true })).toEqual(words[index])
    expect(await engine.pieces(words[0]!, { special: true })).toEqual(pieces)
    const grammar = await engine.openGrammar('root ::= "A"')
    const masked = await engine.maskLogits(grammar, null, new Float32Array(expected.vocabSize))
    expect(masked.some((logit) => logit === 0)).toBe(true)
    await engine.closeGrammar(grammar)
    expect((await engine.run({ items: [item()] })).items).toEqual(before.items)
    await expect(engine.embed(Int32Array.of(1))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(engine.run({ items: [tokensItem()] })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  test.each([...(['llama', 'mistral3', 'qwen2', 'qwen3', 'qwen3moe', 'granite', 'gemma3', 'gpt-oss'] as const)])(
    '%s: llama.cpp takes it without one tensor',
    async (architecture) => {
      const model = join(directory, 'architecture.gguf')
      await makeSyntheticModel(model, { architecture, blockCount: 6 })
      const { embeddingLength, architecture: _, ...expected } = await engine.loadEntry(model)
      const tokens = await engine.tokenize('a wild w300 b')
      await write(model)
      expect(await engine.loadTokenizer(path())).toEqual(expected)
      expect(await engine.tokenize('a wild w300 b')).toEqual(tokens)
    },
  )

  test('a file without a tokenizer is refused, and the process lives on', async () => {
    await expect(engine.loadTokenizer(middle.slicePath)).rejects.toMatchObject({ code: 'GGUF_INVALID' })
    await expect(engine.loadTokenizer(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENGINE_LOAD_FAILED' })
    expect(engine.isGone).toBe(false)
  })
})

describe('when the process ends', () => {
  test('D-T26: everything pending is ENGINE_GONE, and so is everything after', async () => {
    await engine.load(middle)
    // Frozen first: a quick engine would have answered before it was killed.
    process.kill(engine.pid, 'SIGSTOP')
    const pending = [engine.run({ items: [item()] }), engine.stats(), engine.tokenize('x')]
    process.kill(engine.pid, 'SIGKILL')
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ENGINE_GONE' } })
    }
    await engine.exited
    await expect(engine.run({ items: [item()] })).rejects.toMatchObject({ code: 'ENGINE_GONE' })
  })

  test('D-T26: the supervisor starts another, which loads and runs', async () => {
    const supervisor = new EngineSupervisor({ spawnEngine: factory.spawn, library: TEST_LIBRARY, clock: systemClock })
    const names: string[] = []
    supervisor.onState(({ name }) => void names.push(name))
    const readyEngine = () =>
      new Promise<EngineClient>((resolve) => {
        const stopListening = supervisor.onState((state: SupervisorState) => {
          if (state.name !== 'ready') return
          stopListening()
          resolve(state.engine)
        })
      })
    const first = readyEngine()
    supervisor.start()
    const before = await first
    const second = readyEngine()
    process.kill(before.pid, 'SIGKILL')
    const after = await second
    expect(after.pid).not.toBe(before.pid)
    await after.load(middle)
    expect((await after.run({ items: [item()] })).items).toHaveLength(1)
    await supervisor.stop()
    expect(names).toEqual(['starting', 'ready', 'lost', 'starting', 'ready', 'stopped'])
    expect(after.isGone).toBe(true)
  })

  test('the engine ends by itself when its parent is killed', async () => {
    const script = join(directory, 'parent.mjs')
    await writeFile(
      script,
      `import { fork } from 'node:child_process'
       const child = fork(process.argv[2], { serialization: 'advanced' })
       child.once('message', () => process.send(child.pid))
       child.send({ id: 0, op: 'stats', input: {} })`,
    )
    const parent = fork(script, [factory.scriptPath])
    const pid = await new Promise<number>((resolve) => parent.once('message', (message) => resolve(Number(message))))
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  })

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
})
