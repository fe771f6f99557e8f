import { EspalierError } from '../../src-shared/errors'
import { canBind } from '../network/host'
import { type CheckDefinition, type Finding, pass, warn } from './check'

const MOST_TRIES = 200
const LAST_PORT = 65_535

export const port: CheckDefinition = {
  id: 'port',
  title: 'Port for other peers',
  async look({ listenPort, running, status, saveSettings }): Promise<Finding> {
    const taken = (evidence: string): Finding => ({
      ...warn('PORT_TAKEN', evidence),
      ...(saveSettings && { fix: 'mend' }),
    })
    if (running && status) {
      const bound = Number(/\/tcp\/(\d+)/.exec(status.listenAddresses[0] ?? '')?.[1])
      const evidence = `listening on ${status.listenAddresses.join(', ')}`
      if (listenPort === 0 || bound === listenPort) return pass(evidence)
      return taken(`port ${listenPort} is taken; ${evidence}`)
    }
    if (listenPort === 0) return pass('the system chooses a free one')
    return (await canBind(listenPort)) ? pass(`port ${listenPort} is free`) : taken(`port ${listenPort} is taken`)
  },
  /** The port that the node listens on now, or the next free one, becomes the chosen one. */
  async mend({ listenPort, running, status, saveSettings }) {
    const bound = running ? Number(/\/tcp\/(\d+)/.exec(status?.listenAddresses[0] ?? '')?.[1]) : Number.NaN
    const free = bound >= 1024 ? bound : await nextFree(listenPort)
    await saveSettings?.({ listenPort: free })
  },
}

async function nextFree(after: number): Promise<number> {
  for (let tried = after + 1; tried <= Math.min(LAST_PORT, after + MOST_TRIES); tried++) {
    if (await canBind(tried)) return tried
  }
  throw new EspalierError('PORT_TAKEN', `${after} and the ${MOST_TRIES} after it`)
}
