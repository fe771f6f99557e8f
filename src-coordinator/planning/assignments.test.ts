import { expect, it } from 'vitest'
import type { HostedModel } from '../hosted-model'
import { maxBlocksOf } from './assignments'

const GIB = 2 ** 30
const model: HostedModel = {
  ...{ name: 'pear', blockCount: 32, period: 1, quantization: 'Q8_0', manifestJson: '{}' },
  ...{ sizeBytes: 32 * GIB, blockBytes: GIB },
}
const asked = (more: Partial<Parameters<typeof maxBlocksOf>[0]>) =>
  maxBlocksOf({ requested_layers: null, memory_bytes: null, vram_gb: 0, ...more }, model)

it('C-47: four fifths of a worker’s memory are for blocks, and it gets no more than it wishes', () => {
  expect(asked({ memory_bytes: 10 * GIB })).toBe(8)
  expect(asked({ memory_bytes: 10 * GIB, requested_layers: 3 })).toBe(3)
  expect(asked({ memory_bytes: 10 * GIB, requested_layers: 20 })).toBe(8)
  // What it offers counts more than what its graphics card has.
  expect(asked({ memory_bytes: 10 * GIB, vram_gb: 40 })).toBe(8)
  expect(asked({ vram_gb: 20 })).toBe(16)
})

it('C-47: where nothing is known of its memory the wish counts, and none is no limit', () => {
  expect(asked({})).toBeNull()
  expect(asked({ requested_layers: 5 })).toBe(5)
  const { blockBytes: _, ...unmeasured } = model
  expect(maxBlocksOf({ requested_layers: 5, memory_bytes: GIB, vram_gb: 0 }, unmeasured)).toBe(5)
})
