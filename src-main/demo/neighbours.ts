import { randomBytes } from 'node:crypto'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { AppPaths } from '../app-paths'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import { startDemoHost, type WaitingWorker } from './demo-host'
import { openDemoParts } from './demo-parts'

/** A demo network that lacks one node: the one that joins it. */
export interface Neighbourhood {
  readonly coordinatorUrl: string
  /** False when its coordinator has ended: nobody can join any more. */
  readonly isAlive: boolean
  stop(): Promise<void>
}

export const NEIGHBOURS = ['first-pear', 'second-quince'] as const

const START_TIMEOUT_MS = 30_000
/** Long enough for a person to see that a node waits until somebody has decided. */
const PENDING_MOMENT_MS = 2_000

/**
 * Starts a coordinator and two nodes on loopback, as processes. Their host approves the two at once and everybody
 * else after a moment. Resolves when the coordinator answers. Throws DEMO_FAILED, or the signal's reason.
 */
export async function startNeighbourhood(options: {
  paths: AppPaths
  clock: Clock
  signal: AbortSignal
  startScript?: (options: ChildOptions) => OwnedChild
  onTrouble(message: string): void
}): Promise<Neighbourhood> {
  const { clock } = options
  const adminToken = randomBytes(24).toString('base64url')
  const deadline = new AbortController()
  const cancelDeadline = clock.after(START_TIMEOUT_MS, () =>
    deadline.abort(new EspalierError('DEMO_FAILED', 'the coordinator did not start in time')),
  )
  const signal = AbortSignal.any([options.signal, deadline.signal])
  const parts = await openDemoParts(options)
  let stopHost: Disposer = () => undefined
  let isStopping = false
  let isAlive = true
  const watch = (what: string, child: OwnedChild, onGone: () => void = () => undefined) =>
    child.exited.then(({ code, signal: killedBy }) => {
      onGone()
      if (!isStopping) options.onTrouble(`${what} of the demonstration ended by itself (${killedBy ?? code})`)
    })
  const stop = async () => {
    isStopping = true
    stopHost()
    await parts.stop()
  }
  try {
    const { url, process } = await parts.startCoordinator(adminToken, signal)
    void watch('the coordinator', process.child, () => {
      isAlive = false
    })
    for (const name of NEIGHBOURS) {
      signal.throwIfAborted()
      void watch(name, (await parts.startNode(name, url)).child)
    }
    stopHost = startDemoHost({ url, adminToken, clock, choose: patientHost(clock) })
    return {
      coordinatorUrl: url,
      get isAlive() {
        return isAlive
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  } finally {
    cancelDeadline()
  }
}

function patientHost(clock: Clock): (waiting: readonly WaitingWorker[]) => WaitingWorker[] {
  const firstSeenMs = new Map<string, number>()
  return (waiting) => {
    for (const id of firstSeenMs.keys()) if (!waiting.some(({ worker_id }) => worker_id === id)) firstSeenMs.delete(id)
    return waiting.filter(({ worker_id, nickname }) => {
      const sinceMs = firstSeenMs.get(worker_id) ?? clock.monotonicMs()
      firstSeenMs.set(worker_id, sinceMs)
      const isNeighbour = NEIGHBOURS.some((name) => name === nickname)
      return isNeighbour || clock.monotonicMs() - sinceMs >= PENDING_MOMENT_MS
    })
  }
}
