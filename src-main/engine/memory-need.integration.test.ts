import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SyntheticArchitecture } from '../../test/models/synthetic'
import { makeSyntheticModel } from '../../test/models/synthetic'
import { readGgufHeader } from '../shards/gguf-read'
import { EngineClient } from './engine'
import { blocksThatFit, memoryNeed } from './memory-need'
import { sliceModel } from './testing/slice-chain'
import { createEngineFactory, type EngineFactory, SAMPLE_MODEL, TEST_LIBRARY, testSpec } from './testing/test-engine'

const MIB = 1024 ** 2
const BUFFER = /(\S+) +(model|output|KV|compute) buffer size =\s*([\d.]+) MiB/

let factory: EngineFactory
let directory: string

beforeAll(async () => {
  factory = await createEngineFactory()
  directory = await mkdtemp(join(tmpdir(), 'memory-'))
})
afterAll(async () => {
  await factory.close()
  await rm(directory, { recursive: true, force: true })
})

/** The sizes of the buffers that llama.cpp says it has made, summed, without repacked copies of the mapped weights. */
async function allocated(slicePath: string, isLast: boolean, contextTokens: number, maxBatchTokens: number) {
  const child = factory.spawn()
  const sums: Record<string, number> = {}
  child.onStderrLine((line) => {
    const [, where = '', what = '', size = ''] = BUFFER.exec(line) ?? []
    if (what === 'model' && !where.endsWith('_Mapped')) return
    if (what !== '') sums[what] = (sums[what] ?? 0) + Number(size) * MIB
  })
  const engine = new EngineClient(child)
  await engine.start(TEST_LIBRARY)
  const report = await engine.load(testSpec({ slicePath, isLast, contextTokens, maxBatchTokens }))
  await engine.stop()
  // Without its four kinds the log has changed, and a comparison would say nothing.
  expect(Object.keys(sums).toSorted()).toEqual(['KV', 'compute', 'model', 'output'])
  return { total: Object.values(sums).reduce((sum, bytes) => sum + bytes, 0), kv: sums.KV ?? 0, report }
}

async function modelOf(name: 'sample' | SyntheticArchitecture): Promise<string> {
  if (name === 'sample') return SAMPLE_MODEL
  const path = join(directory, `${name}.gguf`)
  await makeSyntheticModel(path, {
    architecture: name,
    embeddingLength: 512,
    feedForwardLength: 1536,
    vocabSize: 4096,
  })
  return path
}

describe('C-47: what blocks need is known before they are loaded', () => {
  it.each(['sample', 'llama', 'qwen3', 'qwen3moe'] as const)(
    '%s: within 15 percent of what llama.cpp allocates',
    async (name) => {
      const path = await modelOf(name)
      const header = await readGgufHeader(path)
      const { slices } = await sliceModel(path, [0, 3, 8], await mkdtemp(join(directory, 'slices-')))
      for (const [contextTokens, maxBatchTokens] of [
        [2048, 512],
        [8192, 256],
        [500, 128],
      ] as const) {
        for (const [index, range] of [
          { start: 0, end: 3 },
          { start: 3, end: 8 },
        ].entries()) {
          const isLast = index === 1
          const need = memoryNeed(header, range, { contextTokens, maxBatchTokens, maxSequences: 4 }, isLast)
          const { total, kv } = await allocated(slices[index] ?? '', isLast, contextTokens, maxBatchTokens)
          const error = need.totalBytes / total - 1
          expect(Math.abs(error)).toBeLessThanOrEqual(0.15)
          expect(need.kvBytes / kv).toBeCloseTo(1, 1)
        }
      }
    },
  )

  it('C-47: as many blocks are suggested as fit, and none where one is too many', async () => {
    const header = await readGgufHeader(SAMPLE_MODEL)
    const size = { contextTokens: 2048, maxBatchTokens: 512, maxSequences: 4 }
    const three = memoryNeed(header, { start: 0, end: 3 }, size, false).totalBytes
    expect(blocksThatFit(header, size, three)).toBe(3)
    expect(blocksThatFit(header, size, three - 1)).toBe(2)
    expect(blocksThatFit(header, size, 1)).toBe(0)
    expect(blocksThatFit(header, size, 1e12)).toBe(8)
  })
})
