import type { MethodHandlers } from '../../src-shared/contract'
import { EspalierError } from '../../src-shared/errors'
import type { RunningNode } from '../node/node'

/** What the running node talks with others, and the switch for libp2p's own words about it. */
export function createTalkHandlers(
  running: () => RunningNode | null,
): Pick<MethodHandlers, 'talk.get' | 'talk.verbose'> {
  return {
    'talk.get': () => running()?.talk.get() ?? null,
    'talk.verbose'({ on }) {
      const talk = running()?.talk
      if (!talk) throw new EspalierError('NODE_STOPPED')
      talk.setVerbose(on)
      return talk.get()
    },
  }
}
