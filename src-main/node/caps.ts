import type { Clock } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { EventLog } from '../storage/event-log'
import type { NodeConfig } from './config'
import type { Resources } from './resources'

export type OverCap = NonNullable<NodeStatus['resources']['over']>[number]

export interface Caps {
  /** What the operator offers of this computer's memory, for app and engine together; null: no cap. */
  memoryBytes: number | null
  /** Compute threads; the app itself may use one core more. */
  threads: number
}

const GB = 1_000_000_000

export function capsOf({ offeredMemoryGb, threads }: Pick<NodeConfig, 'offeredMemoryGb' | 'threads'>): Caps {
  return { memoryBytes: offeredMemoryGb ? offeredMemoryGb * GB : null, threads }
}

/** Peaks of a moment and what the system itself rounds are no breach. */
const SLACK = 1.1
const SAMPLES = 2

/**
 * Compares each sample with what the operator allows. What stays above it for two samples is said once in the log, and
 * again when it is over (O-16). The transfer rates need no such look: the transfer itself holds them.
 */
export function watchCaps(options: { caps: Caps; clock: Pick<Clock, 'now'>; log: Pick<EventLog, 'write'> }) {
  const { caps, clock, log } = options
  const above = new Map<OverCap['what'], { samples: number; since: number }>()

  function judge(what: OverCap['what'], used: number | null, cap: number | null): OverCap[] {
    const known = above.get(what)
    if (cap === null || used === null || used <= cap * SLACK) {
      above.delete(what)
      if (known && known.samples >= SAMPLES)
        log.write('info', 'resources.within', `${what} is within the limit again`, { what })
      return []
    }
    const state = { samples: (known?.samples ?? 0) + 1, since: known?.since ?? clock.now() }
    above.set(what, state)
    if (state.samples < SAMPLES) return []
    if (state.samples === SAMPLES)
      log.write('warn', 'resources.over', `${what} is above the limit: ${figures(what, used, cap)}`, {
        ...{ what, used, cap },
      })
    return [{ what, used, cap, since: state.since }]
  }

  return (sample: Resources): OverCap[] => {
    const { hostResidentBytes, engineResidentBytes, cpuCores } = sample
    const memory = hostResidentBytes === null ? null : hostResidentBytes + (engineResidentBytes ?? 0)
    return [...judge('memory', memory, caps.memoryBytes), ...judge('processor', cpuCores, caps.threads + 1)]
  }
}

function figures(what: OverCap['what'], used: number, cap: number): string {
  return what === 'memory'
    ? `${(used / GB).toFixed(1)} of ${(cap / GB).toFixed(1)} GB`
    : `${used.toFixed(1)} of ${cap} cores`
}
