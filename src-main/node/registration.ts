import type { WorkerRegistration } from '../coordinator/coordinator-wire'
import { workerIdOf } from '../coordinator/worker-id'
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
}): Omit<WorkerRegistration, 'x_reapply'> {
  const capability = capabilityOf()
  const { vramBytes, memoryBytes } = offerOf(capability, self.offeredMemoryGb)
  return {
    worker_id: workerIdOf(self.peerId),
    nickname: self.publicName,
    hardware_type: capability.hardwareType,
    device_name: capability.deviceName,
    vram_gb: Math.round((vramBytes / GIB) * 10) / 10,
    x_peer_id: self.peerId,
    x_multiaddrs: [...self.multiaddrs],
    x_memory_bytes: memoryBytes,
    x_demo: self.isDemo,
  }
}
