import { cpus } from 'node:os'
import { EspalierError } from '../../src-shared/errors'
import { type ComputeChoice, CPU_CHOICE, cardsOf } from '../engine/device-choice'
import { machineMemoryBytes } from './machine-memory'

/** What a computer can give, as far as this node would use it. */
export interface Capability {
  /** The documented word: what computes. */
  hardwareType: 'cpu' | 'cuda' | 'metal' | 'vulkan'
  deviceName: string
  /** Of the device that computes; 0 where that is the processor. */
  vramBytes: number
  /** Main memory of this computer. */
  memoryBytes: number
}

/** How this node computes: with `gpuLayers` 0 a graphics card is there and does nothing for the network. */
export type EngineUse = Pick<ComputeChoice, 'accelerator' | 'gpuLayers' | 'devices'> & {
  /** The chosen cards; absent: all. */
  gpuNames?: readonly string[]
}

const MAX_DEVICE_NAME = 100
const GB = 1_000_000_000
/** Offered unless the operator says otherwise: a computer that lends half of its memory stays usable. */
const DEFAULT_SHARE = 0.5

/** Only what computes is told: a card that no block runs on is not capacity (C-46). */
export function capabilityOf(
  use: EngineUse = CPU_CHOICE,
  computer = {
    processor: cpus()[0]?.model.trim() || 'processor',
    platform: process.platform,
    arch: process.arch,
    memoryBytes: machineMemoryBytes(),
  },
): Capability {
  const { processor, platform, arch, memoryBytes } = computer
  const cards = use.gpuLayers > 0 ? cardsOf(use.devices).filter(({ name }) => use.gpuNames?.includes(name) ?? true) : []
  if (cards.length === 0) {
    return { hardwareType: 'cpu', deviceName: `${processor} (${platform} ${arch})`, vramBytes: 0, memoryBytes }
  }
  const hardwareType = platform === 'darwin' ? 'metal' : use.accelerator
  const deviceName = cards.map(({ name, description }) => description || name).join(' + ')
  const vramBytes = cards.reduce((sum, { totalBytes }) => sum + totalBytes, 0)
  return { hardwareType, deviceName: deviceName.slice(0, MAX_DEVICE_NAME), vramBytes, memoryBytes }
}

/**
 * What is offered of it: half of the memory, or what the operator has set. Throws BAD_ARGUMENT for more than there is:
 * a promise that can't be kept would be found out in the middle of somebody's answer.
 */
export function offerOf(
  capability: Capability,
  capGb: number | null,
  gpuCapGb: number | null = null,
): { vramBytes: number; memoryBytes: number } {
  const { memoryBytes } = capability
  const vramBytes = gpuCapGb === null ? capability.vramBytes : Math.min(capability.vramBytes, gpuCapGb * GB)
  const limitBytes = Math.max(vramBytes, memoryBytes)
  if (capGb === null) return { vramBytes, memoryBytes: Math.floor(memoryBytes * DEFAULT_SHARE) }
  if (capGb * GB > limitBytes) {
    throw new EspalierError('BAD_ARGUMENT', `this computer has ${Math.floor(limitBytes / GB)} GB, not ${capGb} GB`)
  }
  return { vramBytes: Math.min(vramBytes, capGb * GB), memoryBytes: Math.min(memoryBytes, capGb * GB) }
}
