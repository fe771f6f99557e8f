import type { FitTogether, FitView } from '../../src-shared/file-views'
import type { Settings } from '../../src-shared/settings'
import { type ComputeChoice, cardsOf } from '../engine/device-choice'
import { blocksThatFit, memoryNeed, type ServingSize } from '../engine/memory-need'
import { servingSizeOf } from '../node/config'
import { capabilityOf, offerOf } from '../node/offer'
import { modelShape } from '../shards/architectures'
import type { GgufHeader } from '../shards/gguf-types'

const GB = 1_000_000_000
/** As many as can be asked for. */
const MAX_BLOCKS = 1_000

export interface FitOptions {
  /** Null: no model is known yet. */
  model: { name: string; header: GgufHeader } | null
  compute: ComputeChoice
  settings: Pick<Settings, 'offeredMemoryGb' | 'gpuMemoryGb' | 'contextTokens' | 'maxSequences'>
  /** Of the processor; what the system says where absent. */
  computer?: Parameters<typeof capabilityOf>[1]
}

/**
 * How many blocks fit on each device and on the chosen ones together, KV cache and scratch included: reckoned from the
 * header and what drivers and settings allow, so it is known before a byte of weights is fetched or loaded.
 */
export function fitViewOf({ model, compute, settings, computer }: FitOptions): FitView {
  const size = servingSizeOf(settings)
  const blocks = (budgetBytes: number) => (model ? blocksThatFit(model.header, size, budgetBytes) : null)
  const processor = capabilityOf(undefined, computer)
  const capBytes = settings.gpuMemoryGb === null ? Number.POSITIVE_INFINITY : settings.gpuMemoryGb * GB
  const cards = cardsOf(compute.devices).map((card) => {
    const budgetBytes = Math.min(card.freeBytes, capBytes)
    return {
      kind: 'card' as const,
      name: card.name.slice(0, 200),
      description: (card.description || card.name).slice(0, 300),
      isChosen: compute.gpuLayers > 0 && compute.gpuNames.includes(card.name),
      totalBytes: card.totalBytes,
      budgetBytes,
      blocks: card.totalBytes > 0 ? blocks(budgetBytes) : null,
    }
  })
  const offered = Math.min(offeredBytes(processor, settings.offeredMemoryGb), processor.memoryBytes)
  const cpu = {
    kind: 'cpu' as const,
    name: 'CPU',
    description: processor.deviceName,
    isChosen: compute.gpuLayers === 0,
    totalBytes: processor.memoryBytes,
    budgetBytes: offered,
    blocks: blocks(offered),
  }
  const chosen = cards.filter(({ isChosen }) => isChosen)
  const budgetBytes = cpu.isChosen
    ? offered
    : Math.min(
        chosen.reduce((sum, card) => sum + card.budgetBytes, 0),
        capBytes,
      )
  const isReported = cpu.isChosen || chosen.some(({ totalBytes }) => totalBytes > 0)
  return {
    model: model && { name: model.name.slice(0, 200), blockCount: modelShape(model.header).blockCount },
    places: [cpu, ...cards],
    together:
      model && isReported ? togetherOf(model.header, size, budgetBytes, cpu.isChosen ? 'memory' : 'card') : null,
    missedGpu: compute.missedGpu?.slice(0, 300) ?? null,
  }
}

function togetherOf(
  header: GgufHeader,
  size: ServingSize,
  budgetBytes: number,
  where: FitTogether['where'],
): FitTogether {
  const { blockCount } = modelShape(header)
  // Blocks of one model differ little, so the first ones speak for all; whoever has them all has the end, too.
  const need = (count: number) => memoryNeed(header, { start: 0, end: count }, size, count === blockCount)
  const needBytes = Array.from({ length: Math.min(MAX_BLOCKS, blockCount) }, (_, index) => need(index + 1).totalBytes)
  const tooMany = needBytes.findIndex((bytes) => bytes > budgetBytes)
  const blocks = tooMany === -1 ? needBytes.length : tooMany
  // Where none fits, what one needs says how much is missing.
  const { weightsBytes, kvBytes, computeBytes } = need(Math.max(1, blocks))
  return { blocks, budgetBytes, where, weightsBytes, kvBytes, computeBytes, needBytes }
}

/** A limit from another computer's settings may be more than this one has; then it is all that there is. */
function offeredBytes(capability: Parameters<typeof offerOf>[0], capGb: number | null): number {
  return capGb !== null && capGb * GB > capability.memoryBytes
    ? capability.memoryBytes
    : offerOf(capability, capGb).memoryBytes
}
