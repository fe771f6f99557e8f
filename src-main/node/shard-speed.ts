import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { EngineClient } from '../engine/engine'
import type { ProbeOutcome } from '../engine/probe'
import type { LoadReport } from '../engine/protocol'
import type { EngineSupervisor } from '../engine/supervisor'
import type { EventLog } from '../storage/event-log'
import type { LoaderSettings, ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import { isOutdated, type MeasuredThroughput, measureThroughput, type Throughput } from './measure-throughput'
import { throughputKey } from './throughput-book'

export interface ShardSpeed {
  /** What was measured under the same conditions before, if the probe is as fast as then; else what is measured now. */
  of(
    engine: EngineClient,
    target: ShardTarget,
    report: LoadReport,
    outcome: ProbeOutcome,
  ): Promise<Pick<LoadedShard, 'throughput' | 'throughputKey'>>
  /**
   * To be told of each later probe. Measures anew when several in a row took another time than the speed says, and
   * gives what it measured; null: nothing new. Without a free place in the engine the next probe tries again.
   */
  again(shard: LoadedShard, outcome: ProbeOutcome): Promise<MeasuredThroughput | null>
}

/** One slow probe is a moment's load, and measuring then would only add to it. */
const OUTDATED_PROBES = 3

/** How fast proven blocks are: measured here, kept for the next start, and measured again when the computer has changed. */
export function createShardSpeed(options: {
  supervisor: Pick<EngineSupervisor, 'state'>
  settings: Pick<LoaderSettings, 'speeds' | 'threads'>
  clock: Clock
  log: Pick<EventLog, 'write'>
  /** What the slice lies on, since the last load. */
  device: () => string
}): ShardSpeed {
  const { supervisor, settings, clock, log, device } = options
  /** Probes in a row that took another time than when the speed was measured. */
  let outdatedProbes = 0

  const stamped = (rates: Throughput): MeasuredThroughput => ({ ...rates, measuredAt: clock.now(), device: device() })

  function keep(key: string | null, throughput: MeasuredThroughput): void {
    if (key === null) return
    settings.speeds
      ?.set(key, throughput)
      .catch((error: unknown) => log.write('warn', 'shard.speed.unsaved', messageOf(error)))
  }

  return {
    async of(engine, target, report, outcome) {
      const { manifest, range } = target
      const { state } = supervisor
      const key = state.name === 'ready' ? throughputKey(target, report, state.report, settings.threads) : null
      const known = key === null ? null : ((await settings.speeds?.get(key).catch(() => null)) ?? null)
      if (known && !isOutdated(known, manifest, range, outcome)) return { throughput: known, throughputKey: key }
      const throughput = stamped(await measureThroughput(engine, manifest, range, outcome))
      keep(key, throughput)
      return { throughput, throughputKey: key }
    },
    async again(shard, outcome) {
      const { manifest, range } = shard.target
      outdatedProbes = isOutdated(shard.throughput, manifest, range, outcome) ? outdatedProbes + 1 : 0
      if (outdatedProbes < OUTDATED_PROBES) return null
      outdatedProbes = 0
      const rates = await measureThroughput(shard.engine, manifest, range, outcome).catch(() => null)
      if (!rates) return null
      const throughput = stamped(rates)
      keep(shard.throughputKey, throughput)
      const rate = `${throughput.inferenceRps.toFixed(0)} steps a second and block, before ${shard.throughput.inferenceRps.toFixed(0)}`
      log.write('info', 'shard.measured', rate)
      return throughput
    },
  }
}
