import type { WorkerRegistration } from '../coordinator/coordinator-wire'
import { workerIdOf } from '../coordinator/worker-id'
import type { ComputeChoice } from '../engine/device-choice'
import { capabilityOf, offerOf } from './offer'

const GIB = 1024 ** 3

/**
 * Everything that a coordinator is told about this computer, and all of it: what a preview shows before joining and
 * what is sent are both made here, so that one can't say less than the other. Throws BAD_ARGUMENT when more memory is
 * offered than there is.
 */
export function registrationOf(self: {
  peerId: string
  publicName: string
  multiaddrs: readonly string[]
  isDemo: boolean
  /** The operator's limit; null offers what `offerOf` finds fair. */
  offeredMemoryGb: number | null
  /** What computes; absent: the processor. */
  compute?: ComputeChoice
  /** Of the card's memory, in GB; null: all. */
  gpuMemoryGb?: number | null
  /** How many blocks the operator would take; null leaves it to the host. */
  requestedBlocks?: number | null
}): Omit<WorkerRegistration, 'x_reapply'> {
  const capability = capabilityOf(self.compute)
  const { vramBytes, memoryBytes } = offerOf(capability, self.offeredMemoryGb, self.gpuMemoryGb)
  return {
    worker_id: workerIdOf(self.peerId),
    nickname: self.publicName,
    hardware_type: capability.hardwareType,
    device_name: capability.deviceName,
    vram_gb: Math.round((vramBytes / GIB) * 10) / 10,
    ...(self.requestedBlocks ? { requested_layers: self.requestedBlocks } : {}),
    x_peer_id: self.peerId,
    x_multiaddrs: [...self.multiaddrs],
    x_memory_bytes: memoryBytes,
    x_demo: self.isDemo,
  }
}
