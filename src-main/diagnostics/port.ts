import { canBind } from '../network/host'
import { type CheckDefinition, pass, warn } from './check'

export const port: CheckDefinition = {
  id: 'port',
  title: 'Port for other peers',
  async look({ listenPort, running, status }) {
    if (running && status) {
      const bound = Number(/\/tcp\/(\d+)/.exec(status.listenAddresses[0] ?? '')?.[1])
      const evidence = `listening on ${status.listenAddresses.join(', ')}`
      if (listenPort === 0 || bound === listenPort) return pass(evidence)
      return warn('PORT_TAKEN', `port ${listenPort} is taken; ${evidence}`)
    }
    if (listenPort === 0) return pass('the system chooses a free one')
    return (await canBind(listenPort))
      ? pass(`port ${listenPort} is free`)
      : warn('PORT_TAKEN', `port ${listenPort} is taken`)
  },
}
