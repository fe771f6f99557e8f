import { isErrorCode, messageOf } from '../../src-shared/errors'
import type { ComputeView } from '../../src-shared/status'
import { type ComputeChoice, cardsOf } from '../engine/device-choice'
import type { EngineClient, LoadOptions } from '../engine/engine'
import { type MemoryNeed, memoryNeed } from '../engine/memory-need'
import type { LoadReport, LoadSpec } from '../engine/protocol'
import { readGgufHeader } from '../shards/gguf-read'

const GB = 1_000_000_000
/** A card that took less than this share of the weights does not hold them, whatever was asked of it. */
const MIN_SHARE = 0.5

export interface DeviceLoad {
  report: LoadReport
  used: ComputeView
  /** Evidence for people: what was reckoned with, and what the cards say was taken. */
  words: string
}

type Plan = Pick<LoadSpec, 'gpuLayers' | 'gpuNames'>

/**
 * Loads a slice on the chosen cards where its blocks fit there, else on the processor, and says which it was: by the
 * memory that the cards' drivers report as taken, not by what was asked for. Rejects with what `engine.load` rejects with.
 */
export async function loadOnDevice(
  engine: Pick<EngineClient, 'load'>,
  spec: Omit<LoadSpec, 'gpuLayers' | 'gpuNames'>,
  settings: { compute: ComputeChoice; gpuMemoryGb: number | null },
  options: LoadOptions,
): Promise<DeviceLoad> {
  const { compute, gpuMemoryGb } = settings
  const load = (plan: Plan) => engine.load({ ...spec, ...plan }, options)
  if (compute.gpuLayers === 0) {
    return onProcessor(await load({ gpuLayers: 0 }), compute.missedGpu)
  }
  const need = await needOf(spec)
  const budgetBytes = budgetOf(compute, gpuMemoryGb)
  // An empty list of devices: a card that is not to be used must not be used for large batches either.
  const processor = async (why: string) => onProcessor(await load({ gpuLayers: 0, gpuNames: [] }), why)
  if (need.totalBytes > budgetBytes) {
    return processor(`these blocks need ${gigabytes(need.totalBytes)}, and ${gigabytes(budgetBytes)} may be used`)
  }
  try {
    return onCards(await load({ gpuLayers: compute.gpuLayers, gpuNames: compute.gpuNames }), compute, need)
  } catch (error) {
    const isRefusal = isErrorCode(error, 'ENGINE_LOAD_FAILED') || isErrorCode(error, 'ENGINE_OUT_OF_MEMORY')
    if (!isRefusal || options.signal?.aborted) throw error
    return processor(messageOf(error))
  }
}

function onProcessor(report: LoadReport, missedGpu: string | null): DeviceLoad {
  return {
    report,
    used: {
      kind: 'cpu',
      name: report.devices.join(', ').slice(0, 200) || 'CPU',
      missedGpu: missedGpu?.slice(0, 300) ?? null,
    },
    words: missedGpu === null ? '' : '; running on CPU',
  }
}

function onCards(report: LoadReport, compute: ComputeChoice, need: MemoryNeed): DeviceLoad {
  const names = cardsOf(compute.devices).filter(({ name }) => compute.gpuNames.includes(name))
  const name = names.map((card) => card.description || card.name).join(' + ')
  const takenBytes = report.cards.reduce((sum, card) => sum + card.freeBeforeBytes - card.freeAfterBytes, 0)
  const says = report.cards.some(({ freeBeforeBytes }) => freeBeforeBytes > 0)
  const isThere = !says || takenBytes >= MIN_SHARE * report.modelBytes
  const kind = process.platform === 'darwin' ? 'metal' : compute.accelerator
  return {
    report,
    used: isThere
      ? { kind, name: name.slice(0, 200), missedGpu: null }
      : {
          kind: 'cpu',
          name: 'CPU',
          missedGpu: `${name} reports ${gigabytes(Math.max(0, takenBytes))} taken by these blocks`.slice(0, 300),
        },
    words: `; ${gigabytes(need.totalBytes)} reckoned, ${says ? `${gigabytes(takenBytes)} taken on the card` : 'the card reports no memory'}`,
  }
}

/** A slice's own header: its blocks begin at 0. */
async function needOf(spec: Omit<LoadSpec, 'gpuLayers' | 'gpuNames'>): Promise<MemoryNeed> {
  const header = await readGgufHeader(spec.slicePath)
  const blocks = header.tensors.reduce(
    (last, { name }) => Math.max(last, Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? -1)),
    -1,
  )
  return memoryNeed(header, { start: 0, end: blocks + 1 }, spec, spec.isLast)
}

function budgetOf({ devices, gpuNames }: ComputeChoice, capGb: number | null): number {
  const cards = cardsOf(devices).filter(({ name }) => gpuNames.includes(name))
  const freeBytes = cards.reduce((sum, card) => sum + card.freeBytes, 0)
  // A driver that reports nothing leaves it to the load itself.
  const limitBytes = cards.some(({ totalBytes }) => totalBytes > 0) ? freeBytes : Number.POSITIVE_INFINITY
  return Math.min(limitBytes, capGb === null ? Number.POSITIVE_INFINITY : capGb * GB)
}

function gigabytes(bytes: number): string {
  return `${(bytes / GB).toFixed(2)} GB`
}
