import { arch, cpus, platform } from 'node:os'
import type { WorkerRegistration } from '../coordinator/coordinator-wire'
import { workerIdOf } from '../coordinator/worker-id'

/**
 * Everything that a coordinator is told about this computer, and all of it: what a preview shows before joining and
 * what is sent are both made here, so that one can't say less than the other.
 */
export function registrationOf(self: {
  peerId: string
  publicName: string
  multiaddrs: readonly string[]
  isDemo: boolean
}): Omit<WorkerRegistration, 'x_reapply'> {
  return {
    worker_id: workerIdOf(self.peerId),
    nickname: self.publicName,
    hardware_type: 'cpu',
    device_name: `${cpus()[0]?.model ?? 'processor'} (${platform()} ${arch()})`,
    vram_gb: 0,
    x_peer_id: self.peerId,
    x_multiaddrs: [...self.multiaddrs],
    x_demo: self.isDemo,
  }
}
