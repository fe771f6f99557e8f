import type { MethodHandlers } from '../../../src-shared/contract'
import type { DemoBounds } from '../confine-demo'
import { typedPath } from '../typed-path'
import type { HostNetwork } from './host-network'

/** What the window may do with the network that this computer hosts. */
export function createHostHandlers(
  host: HostNetwork,
  bounds: DemoBounds,
): Pick<MethodHandlers, 'host.get' | 'host.start' | 'host.stop' | 'host.decide' | 'host.load' | 'host.invite'> {
  return {
    'host.get': host.status,
    async 'host.start'(choice) {
      bounds.checkHosting(choice)
      await host.start({ ...choice, modelPath: typedPath(choice.modelPath) })
      return {}
    },
    async 'host.stop'() {
      await host.stop()
      return {}
    },
    async 'host.decide'(choice) {
      await host.decide(choice)
      return {}
    },
    async 'host.load'(choice) {
      await host.load(choice)
      return {}
    },
    'host.invite': ({ label }) => host.invite(label),
  }
}
