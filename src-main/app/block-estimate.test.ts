import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src-shared/settings'
import { SAMPLE_MODEL } from '../../test/live-network'
import { CPU_CHOICE } from '../engine/device-choice'
import { memoryNeed } from '../engine/memory-need'
import { readGgufHeader } from '../shards/gguf-read'
import { blockEstimate } from './block-estimate'

const GB = 1_000_000_000
const card = { name: 'CUDA0', description: 'Some Card', kind: 'gpu' as const, totalBytes: 8 * GB, freeBytes: 6 * GB }
const onCard = { ...CPU_CHOICE, accelerator: 'cuda' as const, gpuLayers: 100, gpuNames: ['CUDA0'], devices: [card] }

describe('C-47: what the slider of blocks says', () => {
  it('is what loading reckons with, for each number of blocks up to all of them', async () => {
    const { needBytes, model } = await blockEstimate(SAMPLE_MODEL, DEFAULT_SETTINGS, CPU_CHOICE)
    expect(model).toBe('tiny-jargon-8.gguf')
    expect(needBytes).toHaveLength(8)
    expect(needBytes.every((bytes, index) => bytes > (needBytes[index - 1] ?? 0))).toBe(true)
    // The context of each conversation, and as many of them as may be there at once: what a load asks for.
    const size = { contextTokens: 2_048, maxSequences: 4, maxBatchTokens: 512 }
    const header = await readGgufHeader(SAMPLE_MODEL)
    expect(needBytes[2]).toBe(memoryNeed(header, { start: 0, end: 3 }, size, false).totalBytes)
    expect(needBytes[7]).toBe(memoryNeed(header, { start: 0, end: 8 }, size, true).totalBytes)
  })

  it('follows the settings: longer conversations need more, a limit leaves less', async () => {
    const usual = await blockEstimate(SAMPLE_MODEL, DEFAULT_SETTINGS, CPU_CHOICE)
    const long = await blockEstimate(SAMPLE_MODEL, { ...DEFAULT_SETTINGS, contextTokens: 8_192 }, CPU_CHOICE)
    expect(long.needBytes[0]).toBeGreaterThan(usual.needBytes[0] ?? 0)
    const capped = await blockEstimate(SAMPLE_MODEL, { ...DEFAULT_SETTINGS, offeredMemoryGb: 1 }, CPU_CHOICE)
    expect(capped).toMatchObject({ budgetBytes: GB, where: 'memory' })
    expect(usual.budgetBytes).toBeGreaterThan(0)
  })

  it('counts the free memory of the cards that compute, within the limit', async () => {
    const of = (gpuMemoryGb: number | null, freeBytes = 6 * GB) =>
      blockEstimate(
        SAMPLE_MODEL,
        { ...DEFAULT_SETTINGS, gpuMemoryGb },
        { ...onCard, devices: [{ ...card, freeBytes }] },
      )
    expect(await of(null)).toMatchObject({ budgetBytes: 6 * GB, where: 'card' })
    expect(await of(2)).toMatchObject({ budgetBytes: 2 * GB, where: 'card' })
    // A driver that says nothing about its memory is no reason to promise any.
    expect((await of(null, 0)).where).toBe('memory')
  })

  it('a file that is not there has no estimate', async () => {
    await expect(blockEstimate('/nowhere.gguf', DEFAULT_SETTINGS, CPU_CHOICE)).rejects.toMatchObject({
      code: 'SHARD_MISSING',
    })
  })
})
