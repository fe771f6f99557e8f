import { beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src-shared/settings'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import { chooseDevice } from '../engine/device-choice'
import { memoryNeed } from '../engine/memory-need'
import type { Device } from '../engine/protocol'
import { readGgufHeader } from '../shards/gguf-read'
import type { GgufHeader } from '../shards/gguf-types'
import { fitViewOf } from './fit-view'

const GB = 1_000_000_000
const COMPUTER = { processor: 'A processor', platform: 'linux' as const, arch: 'x64' as const, memoryBytes: 16 * GB }
const SIZE = { contextTokens: 2_048, maxSequences: 4, maxBatchTokens: 512 }

let header: GgufHeader
beforeAll(async () => {
  header = await readGgufHeader(SAMPLE_MODEL)
})

const need = (blocks: number) => memoryNeed(header, { start: 0, end: blocks }, SIZE, blocks === 8).totalBytes

function card(name: string, freeBytes: number): Device {
  return { name, description: `Card ${name}`, kind: 'gpu', freeBytes, totalBytes: 12 * GB }
}

function fitOn(cards: Device[], gpuNames: string[] | null = null, change: Partial<typeof DEFAULT_SETTINGS> = {}) {
  const offers = cards.length > 0 ? [{ accelerator: 'vulkan' as const, directory: null, devices: cards }] : []
  return fitViewOf({
    model: { name: 'Tiny Jargon 8', header },
    compute: chooseDevice({ wish: change.device ?? 'auto', gpuNames }, offers, []),
    settings: { ...DEFAULT_SETTINGS, ...change },
    computer: COMPUTER,
  })
}

describe('how many blocks fit, before anything is loaded', () => {
  it('on the processor: into what is offered of its memory, KV cache included', () => {
    const { places, together, missedGpu } = fitOn([])
    expect(places).toEqual([
      {
        kind: 'cpu',
        name: 'CPU',
        description: 'A processor (linux x64)',
        isChosen: true,
        totalBytes: 16 * GB,
        budgetBytes: 8 * GB,
        blocks: 8,
      },
    ])
    expect(together).toMatchObject({ blocks: 8, budgetBytes: 8 * GB })
    expect(together!.weightsBytes + together!.kvBytes + together!.computeBytes).toBe(need(8))
    expect(missedGpu).toBeNull()
  })

  it('several cards share them; the operator’s choice and cap hold', () => {
    const cards = [card('Vulkan0', need(3)), card('Vulkan1', need(2))]
    const all = fitOn(cards)
    expect(all.places.map(({ name, blocks, isChosen }) => [name, blocks, isChosen])).toEqual([
      ['CPU', 8, false],
      ['Vulkan0', 3, true],
      ['Vulkan1', 2, true],
    ])
    expect(all.together?.budgetBytes).toBe(need(3) + need(2))
    expect(all.together!.blocks).toBeGreaterThan(3)
    expect(fitOn(cards, ['Vulkan1']).together).toMatchObject({ blocks: 2, budgetBytes: need(2) })
    expect(fitOn([card('Vulkan0', 10 * GB)], null, { gpuMemoryGb: 1 }).together?.budgetBytes).toBe(GB)
    const none = fitOn([card('Vulkan0', need(1) - 1)])
    expect(none.together).toMatchObject({ blocks: 0 })
    expect(none.together!.weightsBytes).toBeGreaterThan(0)
  })

  it('C-47: what each number of blocks needs is what loading reckons with, up to all of them', () => {
    const { needBytes, where } = fitOn([]).together!
    expect(where).toBe('memory')
    expect(needBytes).toEqual(Array.from({ length: 8 }, (_, index) => need(index + 1)))
    expect(needBytes.every((bytes, index) => bytes > (needBytes[index - 1] ?? 0))).toBe(true)
    const long = fitOn([], null, { contextTokens: 8_192, offeredMemoryGb: 1 }).together!
    expect(long.needBytes[0]).toBeGreaterThan(needBytes[0] ?? 0)
    expect(long.budgetBytes).toBe(GB)
    expect(fitOn([card('Vulkan0', 8 * GB)]).together?.where).toBe('card')
  })

  it('longer and more conversations leave less room for blocks', () => {
    const cards = [card('Vulkan0', need(4))]
    expect(fitOn(cards).together?.blocks).toBe(4)
    expect(fitOn(cards, null, { contextTokens: 8_192 }).together!.blocks).toBeLessThan(4)
  })

  it('H-41: says before loading that the processor is used although a card was expected', () => {
    expect(fitOn([card('Vulkan0', 8 * GB)], ['Vulkan7']).missedGpu).toBe('none of the chosen cards is there: Vulkan7')
    expect(fitOn([], null, { device: 'cuda' }).missedGpu).toMatch(/^cuda was asked for/)
  })

  it('knows nothing of blocks without a model, and of a card whose driver reports nothing', () => {
    const compute = chooseDevice({ wish: 'auto', gpuNames: null }, [], [])
    const none = fitViewOf({ model: null, compute, settings: DEFAULT_SETTINGS, computer: COMPUTER })
    expect([none.model, none.together, none.places[0]?.blocks]).toEqual([null, null, null])
    const silent = fitOn([{ ...card('Vulkan0', 0), totalBytes: 0 }])
    expect([silent.together, silent.places[1]?.blocks]).toEqual([null, null])
  })
})
