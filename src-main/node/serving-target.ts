import type { Clock, Disposer } from '../../src-shared/clock'
import { type ErrorReport, messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import { isSameTarget } from './assignment'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { Presence } from './presence'
import type { ShardLoader } from './shard-loader'
import type { Steps } from './steps'

/**
 * Why there are no blocks of ours. `pending`: nobody has said no, so what is loaded stays loaded and serves nobody;
 * `standby` and `rejected` let go of the memory.
 */
export type WithoutBlocks = 'pending' | 'standby' | 'rejected'

export interface ServingTarget {
  /** The blocks that are ours to serve, loaded or not. */
  readonly target: ShardTarget | null
  /** What may serve now: loaded, proven, approved and not on its way out. */
  readonly serving: LoadedShard | null
  take(target: ShardTarget): void
  leave(why: WithoutBlocks): void
  onProven(shard: LoadedShard): void
  onLost(cause: ErrorReport): void
  /** To be called whenever the number of sessions through our blocks changes. */
  onSessions(active: number): void
  /** Nothing is changed any more; sessions end and OFFLINE records are written. */
  stop(): Promise<void>
}

/** How long sessions under way may go on after other blocks were assigned. */
const DRAIN_MS = 10_000

/**
 * From one set of blocks to the next, one change at a time: no new sessions, OFFLINE records, the sessions under way
 * to their end or their time-out, and only then the new blocks. So there is no moment in which both are said to be
 * online (C-50).
 */
export function createServingTarget(options: {
  loader: () => ShardLoader
  presence: () => Presence
  steps: Steps
  clock: Clock
  log: EventLog
  endSessions(code: 'ENGINE_GONE' | 'STAGE_LOST', why: string): void
  /** Ends what this node asked for itself. */
  endAnswers(): void
  /** Told to the coordinator: null while nothing is loaded for it. */
  report(loaded: ShardTarget | null): void
  /** The blocks of ours have changed; comes before anything is said about them. */
  onTarget(target: ShardTarget | null): void
}): ServingTarget {
  const { steps, clock, log } = options
  type Wish = { target: ShardTarget } | { target: null; why: WithoutBlocks }
  let wish: Wish = { target: null, why: 'pending' }
  let current: ShardTarget | null = null
  /** Loaded, and kept so while the coordinator thinks about us again (C-34). */
  let parked: ShardTarget | null = null
  let isLeaving = false
  let isStopped = false
  let active = 0
  let onIdle: () => void = () => undefined
  let turning: Promise<void> = Promise.resolve()

  function want(next: Wish): void {
    wish = next
    turning = turning.then(turn).catch((error: unknown) => log.write('error', 'node.target.failed', messageOf(error)))
  }

  async function turn(): Promise<void> {
    const wanted = wish
    if (isStopped || (wanted.target !== null && isSameTarget(wanted.target, current))) return
    if (current) await leaveBlocks(current, wanted)
    if (wanted !== wish || isStopped) return
    if (wanted.target === null) {
      // What was still on its way is not loaded before somebody has approved us again (C-53).
      if (wanted.why !== 'pending' || options.loader().loaded === null) release()
      options.onTarget(null)
    } else take(wanted.target)
  }

  async function leaveBlocks(before: ShardTarget, next: Wish): Promise<void> {
    const mayFinish = next.target !== null || next.why === 'standby'
    isLeaving = true
    current = null
    steps.idle('announce', 'visible', 'serve')
    await options.presence().withdraw()
    if (mayFinish) await untilIdle()
    options.endSessions('STAGE_LOST', 'other blocks are assigned to this node')
    parked = before
    isLeaving = false
  }

  function untilIdle(): Promise<void> {
    if (active === 0) return Promise.resolve()
    log.write('info', 'node.draining', `${active} sessions may finish`)
    return new Promise((resolve) => {
      let cancel: Disposer = () => undefined
      onIdle = () => {
        cancel()
        onIdle = () => undefined
        resolve()
      }
      cancel = clock.after(DRAIN_MS, onIdle)
    })
  }

  function release(): void {
    if (!parked) return
    parked = null
    options.loader().rest()
    options.report(null)
    steps.idle('fetch', 'load', 'prove')
  }

  function take(target: ShardTarget): void {
    const loader = options.loader()
    const isThere = isSameTarget(target, parked)
    const kept = isThere ? loader.loaded : null
    if (!isThere) release()
    parked = null
    current = target
    options.onTarget(target)
    if (kept) {
      proven(kept)
      return
    }
    // JOINING is said while the slice is fetched and loaded, and only then: approval came first.
    options.presence().joining(target)
    // Where the engine was lost meanwhile, it is on its way back for these blocks already.
    if (!isThere) loader.use(target)
  }

  function proven(shard: LoadedShard): void {
    options.report(shard.target)
    options.presence().online(shard)
  }

  return {
    get target() {
      return current
    },
    get serving() {
      return current && !isLeaving && !isStopped ? options.loader().loaded : null
    },
    take: (target) => want({ target }),
    leave: (why) => want({ target: null, why }),
    onProven(shard) {
      if (current) proven(shard)
    },
    onLost(cause) {
      options.endSessions('ENGINE_GONE', cause.cause)
      options.report(null)
      options.presence().lost(current)
    },
    onSessions(count) {
      active = count
      if (count === 0) onIdle()
    },
    async stop() {
      isStopped = true
      onIdle()
      // First: an answer of our own would take the end of our blocks for the loss of a stage, and look for another.
      options.endAnswers()
      options.endSessions('STAGE_LOST', 'the node stops')
      await options.presence().withdraw()
      await turning
    },
  }
}
