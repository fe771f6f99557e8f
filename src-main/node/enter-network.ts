import { reportOf } from '../../src-shared/errors'
import type { CoordinatorApi } from '../coordinator/coordinator-api'
import { workerIdOf } from '../coordinator/worker-id'
import type { createAssignment } from './assignment'
import type { CoordinatorStanding } from './coordinator-standing'
import { joinNetwork } from './join-network'
import type { Presence } from './presence'
import { watchNetwork } from './watch-network'
import { dialledBackBy, shortPeer } from './words'

/**
 * Joins the network, and then begins what needs it: an earlier run's leaving is finished, the coordinator is asked for
 * work and watched. Resolves in any case; what failed is said in the steps.
 */
export async function enterNetwork(
  options: Omit<Parameters<typeof joinNetwork>[0], 'api'> & {
    api: CoordinatorApi | null
    presence: Pick<Presence, 'finishLeaving'>
    assignment: ReturnType<typeof createAssignment> | null
    standing: CoordinatorStanding | null
  },
): Promise<void> {
  const { host, book, api, cache, profile, steps, clock, log, scope, presence, assignment, standing } = options
  try {
    await joinNetwork(options)
  } catch (error) {
    if (!scope.signal.aborted) steps.failed('connect', reportOf(error))
    return
  }
  void presence.finishLeaving()
  assignment?.link.start().catch((error: unknown) => steps.failed('register', reportOf(error)))
  if (!api || !standing || scope.signal.aborted) return
  const watch = watchNetwork({
    ...{ api, host, book, cache, standing, clock, log },
    workerId: workerIdOf(host.peerId.toString()),
    dialledBackBy: () =>
      dialledBackBy(steps.get('visible')?.evidence ?? [])
        .map(shortPeer)
        .join(' and ') || null,
    isLocal: profile.loopbackOnly,
  })
  scope.add(watch.stop)
}
