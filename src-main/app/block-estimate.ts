import { basename } from 'node:path'
import type { BlockEstimate } from '../../src-shared/app-views'
import type { Settings } from '../../src-shared/settings'
import { type ComputeChoice, cardsOf } from '../engine/device-choice'
import { memoryNeed } from '../engine/memory-need'
import { servingSizeOf } from '../node/config'
import { capabilityOf, offerOf } from '../node/offer'
import { readGgufHeader } from '../shards/gguf-read'

/** As many as can be asked for. */
const MAX_BLOCKS = 1_000
const GB = 1_000_000_000

/**
 * What each number of blocks of a model needs here, from its header alone, beside what may be used: the free memory of
 * the cards that compute, else the memory that is offered. Throws what `readGgufHeader` throws.
 */
export async function blockEstimate(
  modelPath: string,
  settings: Pick<Settings, 'contextTokens' | 'maxSequences' | 'offeredMemoryGb' | 'gpuMemoryGb'>,
  compute: ComputeChoice,
): Promise<BlockEstimate> {
  const header = await readGgufHeader(modelPath)
  const blockCount = Math.min(MAX_BLOCKS, blocksOf(header))
  const size = servingSizeOf(settings)
  // Blocks of one model differ little, so the first ones speak for all; whoever has them all has the end, too.
  const needBytes = Array.from({ length: blockCount }, (_, index) => {
    const range = { start: 0, end: index + 1 }
    return memoryNeed(header, range, size, range.end === blockCount).totalBytes
  })
  return { model: basename(modelPath).slice(0, 200), needBytes, ...budgetOf(settings, compute) }
}

function blocksOf({ tensors }: Awaited<ReturnType<typeof readGgufHeader>>): number {
  return tensors.reduce((count, { name }) => Math.max(count, 1 + Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? -1)), 0)
}

function budgetOf(
  { gpuMemoryGb, offeredMemoryGb }: Pick<Settings, 'gpuMemoryGb' | 'offeredMemoryGb'>,
  compute: ComputeChoice,
): Pick<BlockEstimate, 'budgetBytes' | 'where'> {
  const cards =
    compute.gpuLayers > 0 ? cardsOf(compute.devices).filter(({ name }) => compute.gpuNames.includes(name)) : []
  const freeBytes = cards.reduce((sum, card) => sum + card.freeBytes, 0)
  // A driver that reports nothing says nothing about what fits.
  if (freeBytes > 0) {
    return { budgetBytes: gpuMemoryGb === null ? freeBytes : Math.min(freeBytes, gpuMemoryGb * GB), where: 'card' }
  }
  return { budgetBytes: offerOf(capabilityOf(compute), offeredMemoryGb, gpuMemoryGb).memoryBytes, where: 'memory' }
}
