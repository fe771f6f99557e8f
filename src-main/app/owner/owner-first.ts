import type { PauseReason } from '../../../src-shared/app-view'
import { type Clock, type Disposer, minuteOfDay } from '../../../src-shared/clock'
import { messageOf } from '../../../src-shared/errors'
import type { Settings } from '../../../src-shared/settings'
import type { EventLog } from '../../storage/event-log'
import type { CurrentNode } from '../current-node'
import { reasonsToRest } from './policy'
import type { OwnerSensors } from './sensors'

/** Twice within the five seconds that a pause may take (D-T34). */
const LOOK_MS = 2_000
/** A reason that comes back at once must not start and stop the node every few seconds. */
const CALM_MS = 60_000

export interface OwnerFirst {
  /** Its owner started it although there is a reason to rest: left alone until that reason has gone. */
  overrule(): void
  dispose: Disposer
}

/**
 * The computer's owner comes first: the node rests while a chosen reason holds, and starts again by itself a minute
 * after the last one has gone. Only a node that was running is started; one that was stopped stays so.
 */
export function putOwnerFirst(options: {
  clock: Clock
  log: Pick<EventLog, 'write'>
  sensors: OwnerSensors
  settings: () => Settings
  node: Pick<CurrentNode, 'rest' | 'start' | 'isResting'>
  onReasons(reasons: PauseReason[]): void
}): OwnerFirst {
  const { clock, log, sensors, settings, node } = options
  let isOverruled = false
  let calmSince: number | null = null
  let told = ''
  let looking = false

  async function look(): Promise<void> {
    const policy = settings()
    const readings = await sensors.read(policy)
    const reasons = reasonsToRest(policy, readings, minuteOfDay(clock.now()))
    if (reasons.length === 0) isOverruled = false
    if (reasons.length > 0 && !isOverruled) {
      calmSince = null
      if (!node.isResting || told !== reasons.join()) await node.rest(reasons)
    } else if (node.isResting) await startWhenCalm()
    // While it waits for calm it still rests for what was there last.
    if (!node.isResting) tell([])
    else if (reasons.length > 0) tell(reasons)
  }

  async function startWhenCalm(): Promise<void> {
    calmSince ??= clock.monotonicMs()
    if (clock.monotonicMs() - calmSince < CALM_MS) return
    calmSince = null
    log.write('info', 'owner.rest.over', 'no reason to rest is left; the node starts again')
    await node.start()
  }

  function tell(reasons: PauseReason[]): void {
    if (reasons.join() === told) return
    told = reasons.join()
    if (reasons.length > 0) log.write('info', 'owner.rest', `the node rests: ${reasons.join(', ')}`)
    options.onReasons(reasons)
  }

  const dispose = clock.every(LOOK_MS, () => {
    if (looking) return
    looking = true
    look()
      .catch((error: unknown) => log.write('warn', 'owner.look.failed', messageOf(error)))
      .finally(() => {
        looking = false
      })
  })
  return {
    overrule() {
      if (node.isResting) isOverruled = true
    },
    dispose,
  }
}
