import { type CheckDefinition, pass, unknown, warn } from './check'

/** What the blocks lie on, as the driver reports it after the load (H-41). */
export const device: CheckDefinition = {
  id: 'device',
  title: 'Device and driver',
  async look({ running, status }) {
    if (!running || !status) return unknown('the node is not running')
    const { compute } = status
    if (!compute) return unknown('no blocks are loaded yet')
    if (compute.missedGpu !== null) return warn('RUNNING_ON_PROCESSOR', `${compute.name}: ${compute.missedGpu}`)
    return pass(`${compute.name} (${compute.kind}) holds the blocks`)
  },
}
