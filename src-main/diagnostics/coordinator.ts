import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { type CheckDefinition, counted, pass, unknown, warn } from './check'

export const coordinator: CheckDefinition = {
  id: 'coordinator',
  title: 'Coordinator',
  async look({ coordinatorUrl, clock, fetch }, signal) {
    if (coordinatorUrl === null) return unknown('no network with a coordinator is chosen')
    // Only looked at: nothing about this node is sent, so it may be asked where a registration would be refused.
    const api = createCoordinatorApi({ baseUrl: coordinatorUrl, fetch, clock, allowInsecure: true })
    const { value } = await api.networkInfo({ signal })
    const { modelName, bootstrapPeers, onlineWorkers } = value
    const workers = onlineWorkers === null ? '' : `, ${counted(onlineWorkers, 'node')} online`
    const bootstraps = counted(bootstrapPeers.length, 'bootstrap peer')
    const evidence = `${api.baseUrl} hosts ${modelName ?? 'no model'}${workers}, ${bootstraps}`
    return modelName === null ? warn('MANIFEST_MISSING', evidence) : pass(evidence)
  },
}
