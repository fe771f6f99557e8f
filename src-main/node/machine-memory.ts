import { totalmem } from 'node:os'

/** Main memory that this process may use: a container or a unit of the system may have less than its computer. */
export function machineMemoryBytes(totalBytes = totalmem(), limitBytes = process.constrainedMemory()): number {
  // Without a limit the system says 0, or a number beyond all memory.
  return limitBytes > 0 ? Math.min(totalBytes, limitBytes) : totalBytes
}
