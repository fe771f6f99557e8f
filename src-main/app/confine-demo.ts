import { EspalierError } from '../../src-shared/errors'
import type { HostChoice } from '../../src-shared/host-network'
import type { NetworkChoice, Settings } from '../../src-shared/settings'
import { isLoopbackHost } from '../coordinator/coordinator-url'
import type { NetworkProfile } from '../network/profiles'

export interface DemoBounds {
  /** The program was started as part of a demonstration: nobody beyond this computer is asked anything. */
  readonly isPinned: boolean
  /** What may be in force of the wish: in a demonstration, programs of this computer alone may ask. */
  apiAccess(wish: Settings): Settings['apiAccess']
  /** Each throws DEMO_CONFINED. */
  checkSettings(change: Partial<Settings>): void
  checkChoice(choice: NetworkChoice): void
  checkHosting(choice: HostChoice): void
}

/**
 * Keeps a demonstration on this computer (C-40): it neither reaches others nor is reached by them. A program that was
 * started as part of one (`pinned`) stays in it; in the app a person may leave a demonstration for a real network.
 */
export function confineDemo(pinned: NetworkProfile | undefined, network: () => NetworkChoice | null): DemoBounds {
  const isPinned = pinned?.loopbackOnly ?? false
  const isDemo = () => isPinned || network()?.kind === 'demo'
  const refuse = (cause: string) => {
    throw new EspalierError('DEMO_CONFINED', cause)
  }
  return {
    isPinned,
    apiAccess: ({ apiAccess }) => (apiAccess === 'lan' && isDemo() ? 'loopback' : apiAccess),
    checkSettings({ apiAccess }) {
      if (apiAccess === 'lan' && isDemo()) refuse('other computers cannot ask a demonstration')
    },
    checkChoice(choice) {
      if (isPinned && choice.kind === 'coordinator' && !isLoopbackHost(new URL(choice.url).hostname))
        refuse(`${new URL(choice.url).hostname} is not on this computer`)
    },
    checkHosting({ reach }) {
      if (isPinned && reach === 'network') refuse('a network for other computers is hosted by an app of its own')
    },
  }
}
